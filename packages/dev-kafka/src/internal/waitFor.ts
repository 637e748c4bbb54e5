/**
 * Tries until it works, within a limit.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

/** Repeats `attempt` every 100 ms until it succeeds; after `seconds`, `orElse`. */
export const waitFor = <A, E, R, E2, R2>(
  attempt: Effect.Effect<A, E, R>,
  seconds: number,
  orElse: () => Effect.Effect<A, E2, R2>
): Effect.Effect<A, E2, R | R2> =>
  attempt.pipe(
    Effect.retry(Schedule.spaced("100 millis")),
    // The schedule is endless, so the retry itself cannot fail.
    Effect.orDie,
    Effect.timeoutOrElse({ duration: `${seconds} seconds`, orElse })
  )

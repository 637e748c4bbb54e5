/**
 * Fibers that must live as long as their scope: one that ends, whatever it died of, is reported and started again.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

// Between the end of a fiber and its next start, so that one that dies at once does not keep the process busy.
const pause: Duration.Input = "1 second"

/** Runs the loop in the scope. Ends only with it. */
export const fork = <A, E, R>(
  name: string,
  loop: Effect.Effect<A, E, R>
): Effect.Effect<void, never, R | Scope.Scope> =>
  loop.pipe(
    Effect.exit,
    Effect.flatMap((exit) =>
      exit._tag === "Success"
        ? Effect.logError(`${name} has ended; it is started again`)
        : Effect.logError(`${name} has failed; it is started again`, exit.cause)
    ),
    Effect.andThen(Effect.sleep(pause)),
    Effect.forever,
    Effect.forkScoped,
    Effect.asVoid
  )

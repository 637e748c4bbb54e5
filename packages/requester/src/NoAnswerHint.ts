/**
 * A hint for a person who waits for an answer: perhaps no responder is running. Calls wait long for one.
 */
import * as Effect from "effect/Effect"

/** The hint is shown after so many seconds without an answer. */
export const seconds = 3

export const text = "no answer yet: is a responder running? Start one with `npx -y pnpm@12 --filter responder start`"

/** Shows the hint once, when the effect takes longer. */
export const withHint =
  (show: (text: string) => void) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.sync(() => show(text)).pipe(
      Effect.delay(`${seconds} seconds`),
      Effect.andThen(Effect.never),
      Effect.raceFirst(effect)
    )

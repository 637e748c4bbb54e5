/**
 * What a person is told who waits for an answer: nobody may be there to give one, and the calls wait long.
 */
import * as Effect from "effect/Effect"

/** How long nothing may come before it is said. */
export const seconds = 3

export const words = "no answer yet: is a responder running? Start one with `npx -y pnpm@12 --filter responder start`"

/** Says so, once, when the effect takes longer. */
export const noticed =
  (say: (text: string) => void) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.sync(() => say(words)).pipe(
      Effect.delay(`${seconds} seconds`),
      Effect.andThen(Effect.never),
      Effect.raceFirst(effect)
    )

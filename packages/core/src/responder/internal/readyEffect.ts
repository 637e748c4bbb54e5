/**
 * Effects that are exits already: most schemas and many handlers need no fiber, and what needs none shall not pay for one.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

/** Goes on at once when the value is there, and in the fiber that runs it otherwise. */
export const next = <A, B, E, E2>(
  effect: Effect.Effect<A, E>,
  then: (value: A) => Effect.Effect<B, E2>
): Effect.Effect<B, E | E2> =>
  Exit.isExit(effect) && Exit.isSuccess(effect) ? then(effect.value as A) : Effect.flatMap(effect, then)

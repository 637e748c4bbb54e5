/**
 * Real time, whatever clock the caller runs under: a broker is a process outside, and under a test clock every wait
 * for it would last for ever.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

const live = Context.get(Context.empty(), Clock.Clock)

export const inRealTime = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(effect, Clock.Clock, live)

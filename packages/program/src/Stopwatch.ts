/**
 * Elapsed time by the monotonic clock, for what programs print: a wall clock that is set meanwhile changes nothing.
 */
import type * as Clock from "effect/Clock"

/** Starts counting; the returned function tells the milliseconds since then, with fractions. */
export const start = (clock: Clock.Clock): (() => number) => {
  const from = clock.monotonicTimeNanosUnsafe()
  return () => Number(clock.monotonicTimeNanosUnsafe() - from) / 1e6
}

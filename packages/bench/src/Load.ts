/**
 * A closed load: so many callers, each with one call in flight, until so many calls are made.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

export interface Figures {
  readonly inFlight: number
  readonly calls: number
  readonly perSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly max: number
  /** User and system time of this process, microseconds for each call. */
  readonly cpuMicrosPerCall: number
}

const millis = (nanos: bigint): number => Number(nanos) / 1e6

/** Runs `call` that often; its failures are failures of the measurement. */
export const run = Effect.fnUntraced(function* <E, R>(
  call: Effect.Effect<unknown, E, R>,
  load: { readonly inFlight: number; readonly calls: number }
): Effect.fn.Return<Figures, E, R> {
  const clock = yield* Clock.Clock
  const times = new Float64Array(load.calls)
  let made = 0
  const caller = Effect.gen(function* () {
    while (made < load.calls) {
      const index = made++
      const from = clock.monotonicTimeNanosUnsafe()
      yield* call
      times[index] = millis(clock.monotonicTimeNanosUnsafe() - from)
    }
  })
  const cpu = process.cpuUsage()
  const from = clock.monotonicTimeNanosUnsafe()
  yield* Effect.forEach(Array.from({ length: load.inFlight }), () => caller, {
    concurrency: "unbounded",
    discard: true
  })
  const seconds = millis(clock.monotonicTimeNanosUnsafe() - from) / 1000
  const { system, user } = process.cpuUsage(cpu)
  times.sort()
  const at = (share: number): number => times[Math.min(load.calls - 1, Math.floor(load.calls * share))]!
  return {
    ...load,
    perSecond: load.calls / seconds,
    p50: at(0.5),
    p99: at(0.99),
    max: at(1),
    cpuMicrosPerCall: (user + system) / load.calls
  }
})

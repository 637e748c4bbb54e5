/**
 * A closed load: so many callers, each with one call in flight, until so many calls are made.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { processorTime } from "./StockServer.ts"

export interface Shape {
  readonly inFlight: number
  readonly calls: number
}

export interface Figures extends Shape {
  readonly perSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly max: number
  /** Processor time for each call, microseconds. */
  readonly requesterMicros: number
  readonly responderMicros: number
}

const millis = (nanos: bigint): number => Number(nanos) / 1e6

/** Makes calls until there are so many; their failures are failures of the measurement. `usage` asks the responder. */
export const run = Effect.fnUntraced(function* <E, R>(
  call: (index: number) => Effect.Effect<unknown, E, R>,
  usage: Effect.Effect<number, E, R>,
  load: Shape
): Effect.fn.Return<Figures, E, R> {
  const clock = yield* Clock.Clock
  const times = new Float64Array(load.calls)
  let made = 0
  const caller = Effect.gen(function* () {
    while (made < load.calls) {
      const index = made++
      const from = clock.monotonicTimeNanosUnsafe()
      yield* call(index)
      times[index] = millis(clock.monotonicTimeNanosUnsafe() - from)
    }
  })
  const responderBefore = yield* usage
  const requesterBefore = processorTime()
  const from = clock.monotonicTimeNanosUnsafe()
  yield* Effect.forEach(Array.from({ length: load.inFlight }), () => caller, {
    concurrency: "unbounded",
    discard: true
  })
  const seconds = millis(clock.monotonicTimeNanosUnsafe() - from) / 1000
  const requesterMicros = (processorTime() - requesterBefore) / load.calls
  const responderMicros = ((yield* usage) - responderBefore) / load.calls
  times.sort()
  const at = (share: number): number => times[Math.min(load.calls - 1, Math.floor(load.calls * share))]!
  return {
    ...load,
    perSecond: load.calls / seconds,
    p50: at(0.5),
    p99: at(0.99),
    max: at(1),
    requesterMicros,
    responderMicros
  }
})

/**
 * What this project's two programs cost while little or nothing happens: start, idle time, calls that wait.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as MeasuredProcess from "./MeasuredProcess.ts"
import * as Peer from "./Peer.ts"
import { usageOf } from "./Processor.ts"

export interface Standing {
  /** From the start of the process to its first possible call, milliseconds. */
  readonly requesterReadyMillis: number
  /** Percent of one processor; absent where the system does not tell. */
  readonly requesterIdle: number | undefined
  readonly responderIdle: number | undefined
  /** Resident MB of the requester with so many calls in flight. */
  readonly held: ReadonlyArray<{ readonly calls: number; readonly megabytes: number }>
}

const idleSeconds = 10

const idleOf = Effect.fnUntraced(function* (pids: ReadonlyArray<number>) {
  // What starting set in motion comes to rest.
  yield* Effect.sleep("2 seconds")
  const before = yield* Effect.forEach(pids, usageOf)
  yield* Effect.sleep(`${idleSeconds} seconds`)
  const after = yield* Effect.forEach(pids, usageOf)
  return after.map((usage, i) =>
    Option.getOrUndefined(
      Option.map(
        Option.all([usage, before[i]!]),
        ([late, early]) => (late.micros - early.micros) / (idleSeconds * 10_000)
      )
    )
  )
})

/** Measures it with processes of its own. */
export const measure = Effect.fnUntraced(function* (brokers: string, counts: ReadonlyArray<number>) {
  const { name, requester, responder } = Peer.ours
  const answering = yield* MeasuredProcess.start(name, responder, brokers)
  const asking = yield* MeasuredProcess.start(name, requester, brokers)
  const [requesterIdle, responderIdle] = yield* idleOf([asking.pid, answering.pid])
  const held = yield* Effect.forEach(counts, (calls) =>
    Effect.map(asking.ask({ hold: calls }), (megabytes) => ({ calls, megabytes: megabytes as number }))
  )
  return { requesterReadyMillis: asking.readyMillis, requesterIdle, responderIdle, held } satisfies Standing
}, Effect.scoped)

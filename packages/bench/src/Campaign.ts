/**
 * Measures peers in turns on one broker: A B C A B C, so that a slow minute of the machine is everybody's.
 *
 * In each turn a peer's two processes are started, warmed up, put through all loads and stopped.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Figures, Load } from "./Figures.ts"
import * as MeasuredProcess from "./MeasuredProcess.ts"
import type { Peer } from "./Peer.ts"
import { type Usage, usageOf } from "./Processor.ts"
import type { Operation } from "./Workload.ts"

/** One load of one turn. Processor time is for each call, in microseconds; absent where the system does not tell. */
export interface Sample extends Figures {
  readonly peer: string
  readonly round: number
  readonly operation: Operation
  readonly inFlight: number
  readonly requesterMicros: number | undefined
  readonly responderMicros: number | undefined
  readonly brokerMicros: number | undefined
  readonly requesterMb: number | undefined
  readonly responderMb: number | undefined
}

export interface Plan {
  readonly peers: ReadonlyArray<Peer>
  readonly rounds: number
  readonly operations: ReadonlyArray<Operation>
  readonly levels: ReadonlyArray<number>
  /** How long a load shall take, about; the number of its calls follows from the warm-up's speed. */
  readonly loadSeconds: number
  readonly brokers: string
  readonly brokerPid: number
}

const warmUp = { inFlight: 256, calls: 20_000 } as const

const perCall = (before: Option.Option<Usage>, after: Option.Option<Usage>, calls: number): number | undefined =>
  Option.isSome(before) && Option.isSome(after) ? (after.value.micros - before.value.micros) / calls : undefined

const residentOf = (usage: Option.Option<Usage>): number | undefined => Option.getOrUndefined(usage)?.residentMb

/** Measures one load. */
const measure = Effect.fnUntraced(function* (
  pids: ReadonlyArray<number>,
  requester: MeasuredProcess.MeasuredProcess,
  load: Load
) {
  const usages = Effect.forEach(pids, usageOf)
  const before = yield* usages
  const figures = (yield* requester.ask(load)) as Figures
  const after = yield* usages
  const [requesterMicros, responderMicros, brokerMicros] = after.map((usage, i) =>
    perCall(before[i]!, usage, load.calls)
  )
  const [requesterMb, responderMb] = after.map(residentOf)
  return { ...figures, requesterMicros, responderMicros, brokerMicros, requesterMb, responderMb }
})

/** Fewer calls where a call takes long, so that every load takes about as long. */
const callsOf = (perSecond: number, { inFlight }: { readonly inFlight: number }, seconds: number): number =>
  Math.max(inFlight * 4, Math.ceil(perSecond * seconds))

/** One turn of one peer. */
const turn = Effect.fnUntraced(function* (plan: Plan, peer: Peer, round: number) {
  const responder = yield* MeasuredProcess.start(peer.name, peer.responder, plan.brokers)
  const requester = yield* MeasuredProcess.start(peer.name, peer.requester, plan.brokers)
  const pids = [requester.pid, responder.pid, plan.brokerPid]
  let from = round * 10_000_000
  const samples: Array<Sample> = []
  for (const operation of plan.operations.filter((name) => peer.operations.includes(name))) {
    yield* requester.ask({ operation, from: (from += warmUp.calls), ...warmUp })
    for (const inFlight of plan.levels) {
      const probe = { operation, inFlight, calls: Math.max(200, inFlight * 4), from: (from += 100_000) }
      const { perSecond } = (yield* requester.ask(probe)) as Figures
      const calls = callsOf(perSecond, probe, plan.loadSeconds)
      const load = { operation, inFlight, calls, from: (from += calls) }
      samples.push({ peer: peer.name, round, operation, inFlight, ...(yield* measure(pids, requester, load)) })
    }
  }
  return samples
}, Effect.scoped)

/** All turns; `onTurn` is told before each. */
export const run = (plan: Plan, onTurn: (peer: Peer, round: number) => Effect.Effect<void>) =>
  Effect.forEach(
    Array.from({ length: plan.rounds }, (_, round) => plan.peers.map((peer) => [peer, round] as const)).flat(),
    ([peer, round]) => Effect.andThen(onTurn(peer, round), turn(plan, peer, round))
  ).pipe(Effect.map((turns) => turns.flat()))

/**
 * The transport over the in-memory broker with faults on order: tests say what goes wrong, when, and wait for what happens.
 *
 * Deterministic: nothing goes wrong by itself, and nothing here takes time but what was asked for, on the clock of the
 * test (`TestClock`). Without faults it is the in-memory transport. Random faults are the simulator's.
 *
 * @example
 * ```ts
 * import * as assert from "node:assert/strict"
 * import * as Contract from "@kafka-request-reply/core/Contract"
 * import { Fault, FaultEvent, Faults, layer } from "@kafka-request-reply/core/FaultyTransport"
 * import * as RequestReplyTest from "@kafka-request-reply/core/RequestReplyTest"
 * import * as Requester from "@kafka-request-reply/core/Requester"
 * import { Effect, Layer, Schema } from "effect"
 * import { Rpc, RpcGroup } from "effect/rpc"
 *
 * const GetStock = Rpc.make("GetStock", { payload: { sku: Schema.String }, success: Schema.Int }).annotate(Contract.Safe, true)
 * const Inventory = RpcGroup.make(GetStock).annotate(Contract.Name, "inventory")
 * const handlers = Inventory.toLayer({ GetStock: () => Effect.succeed(12) })
 *
 * const test = Effect.gen(function* () {
 *   const inventory = yield* Requester.client(Inventory)
 *   const faults = yield* Faults
 *   yield* faults.inject(Fault.failAfter(), { topic: "inventory.requests" })
 *   assert.equal(yield* inventory.GetStock({ sku: "TEA-0001" }), 12)
 *   // It was written although its producer was told that it failed.
 *   yield* faults.happened(FaultEvent.injected("FailAfter"))
 * })
 * const programs = RequestReplyTest.layerOver(Inventory).pipe(Layer.provide(handlers), Layer.provideMerge(layer()))
 * await Effect.runPromise(Effect.provide(test, programs))
 * ```
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import type { TopicPartition } from "../kafka/KafkaRecord.ts"
import * as MemoryBroker from "../memory/MemoryBroker.ts"
import { Transport } from "../kafka/Transport.ts"
import * as MemoryTransport from "../memory/MemoryTransport.ts"
import type { Fault, Match } from "./Fault.ts"
import type { FaultEvent, FaultEventMatch } from "./FaultEvent.ts"
import { EventLog } from "./internal/eventLog.ts"
import { FaultPlan, Planned } from "./internal/faultPlan.ts"
import * as FaultyDeliveries from "./internal/faultyDeliveries.ts"
import * as FaultyLink from "./internal/faultyLink.ts"
import { Leaders } from "./internal/leaders.ts"
import * as WatchedBroker from "./internal/watchedBroker.ts"

/** What can go wrong, as values: `Fault.failAfter()`. */
export * as Fault from "./Fault.ts"
/** What happened, as values and as predicates to wait for: `FaultEvent.written("inventory.requests")`. */
export * as FaultEvent from "./FaultEvent.ts"

/** A fault that was injected. */
export interface Injection {
  /** How often it happened. */
  readonly hits: Effect.Effect<number>
  /** Releases what `hold` holds, now and later. */
  readonly release: Effect.Effect<void>
  /** Withdraws the fault. */
  readonly remove: Effect.Effect<void>
}

/** What can be made to go wrong, and what happened. */
export class Faults extends Context.Service<
  Faults,
  {
    /** The next `times` (default 1) produce requests with a matching record suffer the fault. */
    readonly inject: (fault: Fault, match?: Match, times?: number) => Effect.Effect<Injection>
    /** Stops deliveries of these partitions to readers and members until the returned effect is run. */
    readonly stall: (match: Match) => Effect.Effect<Effect.Effect<void>>
    /** The next commits of a group (default 1) fail. */
    readonly failCommits: (group: string, times?: number) => Effect.Effect<void>
    /** The group's partitions are taken away and given anew, as when a member joins. Waits for the assignment. */
    readonly rebalance: (group: string) => Effect.Effect<void>
    /** The same, but the members are not asked first and cannot commit: as when their session timed out. */
    readonly loseSession: (group: string) => Effect.Effect<void>
    /**
     * No produce request reaches this leader: it fails at once. Nothing is read from it without a group, unless only those
     * who write are cut off (`writing`).
     */
    readonly cut: (leader: number, from?: "writing") => Effect.Effect<void>
    /** Produce requests to this leader wait, and are carried out when it is healed; the same is true of readers. */
    readonly freeze: (leader: number) => Effect.Effect<void>
    /** Ends `cut` and `freeze`. */
    readonly heal: (leader: number) => Effect.Effect<void>
    /** Another broker leads the partition from now on. */
    readonly moveLeader: (partition: TopicPartition, leader: number) => Effect.Effect<void>
    /** Waits for the `nth` (default: first) matching event since the transport was made. */
    readonly happened: (matches: FaultEventMatch, nth?: number) => Effect.Effect<FaultEvent>
    /** Everything that happened so far. */
    readonly events: Effect.Effect<ReadonlyArray<FaultEvent>>
  }
>()("@kafka-request-reply/core/testing/FaultyTransport/Faults") {}

export interface Options {
  /** Brokers that lead partitions, in turn. Default 1. */
  readonly leaders?: number
}

const make = Effect.fnUntraced(function* (options: Options) {
  const log = new EventLog()
  const plan = new FaultPlan()
  const leaders = new Leaders(options.leaders ?? 1)
  const { broker, failCommits } = WatchedBroker.make(yield* MemoryBroker.make, log)
  const onBroker = Effect.provideService(MemoryBroker.MemoryBroker, broker)
  const run = yield* FiberSet.makeRuntime<never, unknown, unknown>()
  const link = FaultyLink.make({
    link: yield* onBroker(MemoryTransport.makeLink),
    plan,
    leaders,
    log,
    run: run as FaultyLink.Environment["run"]
  })
  const transport = yield* onBroker(MemoryTransport.make(link))
  const deliveries = FaultyDeliveries.make(transport, log, leaders, run)

  const faults = Faults.of({
    inject: (fault, match = {}, times = 1) =>
      Effect.sync(() => {
        const planned = new Planned(fault, match, times)
        plan.add(planned)
        return {
          hits: Effect.sync(() => planned.hits),
          release: Effect.sync(() => planned.release()),
          remove: Effect.sync(() => plan.remove(planned))
        }
      }),
    stall: (match) =>
      Effect.sync(() => {
        const stalled = { ...match }
        deliveries.stall(stalled)
        return Effect.sync(() => deliveries.resume(stalled))
      }),
    failCommits: (group, times = 1) => Effect.sync(() => failCommits(group, times)),
    rebalance: broker.rebalance,
    loseSession: (group) =>
      Effect.acquireUseRelease(
        Effect.sync(() => deliveries.loseSession(group, true)),
        () => broker.rebalance(group),
        () => Effect.sync(() => deliveries.loseSession(group, false))
      ),
    cut: (leader, from) => Effect.sync(() => leaders.cut(leader, from === "writing")),
    freeze: (leader) => Effect.sync(() => leaders.freeze(leader)),
    heal: (leader) => Effect.sync(() => leaders.heal(leader)),
    moveLeader: (partition, leader) => Effect.sync(() => leaders.move(partition, leader)),
    happened: (matches, nth = 1) => log.nth(matches, nth),
    events: Effect.sync(() => [...log.events])
  })
  const { joinGroup, readPartition } = deliveries
  return Context.make(Transport, Transport.of({ ...transport, readPartition, joinGroup })).pipe(
    Context.add(MemoryBroker.MemoryBroker, broker),
    Context.add(Faults, faults)
  )
})

/** A transport of its own broker, with the broker and the faults beside it. */
export const layer = (options: Options = {}): Layer.Layer<Transport | MemoryBroker.MemoryBroker | Faults> =>
  Layer.effectContext(make(options))

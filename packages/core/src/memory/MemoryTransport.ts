/**
 * The transport over the in-memory broker: for tests, demos and simulations.
 *
 * @example
 * ```ts
 * import * as assert from "node:assert/strict"
 * import * as MemoryTransport from "@kafka-request-reply/core/MemoryTransport"
 * import * as Transport from "@kafka-request-reply/core/Transport"
 * import { Effect } from "effect"
 *
 * const describe = Effect.flatMap(Transport.Transport, ({ topics }) => topics.describe(["orders"]))
 * const create = Effect.flatMap(Transport.Transport, ({ topics }) =>
 *   topics.create({ name: "orders", partitions: 3, replicationFactor: 1, configs: {} })
 * )
 * // Two programs of one process that meet at one broker.
 * const kafka = MemoryTransport.share()
 * await Effect.runPromise(Effect.provide(create, kafka))
 * const [orders] = await Effect.runPromise(Effect.provide(describe, kafka))
 * assert.equal(orders?.partitions, 3)
 * ```
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { EventLoop } from "../host/EventLoop.ts"
import { fetchLimit, MemoryMembership } from "./internal/memoryMember.ts"
import * as MemoryBroker from "./MemoryBroker.ts"
import type { ProducerLink } from "../kafka/ProducerLink.ts"
import { type GroupMember, type JoinGroup, type ReadPartition, Transport } from "../kafka/Transport.ts"
import { because, NoSuchTopic, TransportClosed, type TransportError } from "../kafka/TransportError.ts"
import * as Verdict from "../kafka/Verdict.ts"

/** Writes to the broker in the next turn of the event loop, and is acknowledged in the same. */
export const makeLink = Effect.gen(function* () {
  const broker = yield* MemoryBroker.MemoryBroker
  const eventLoop = yield* EventLoop
  const turn = Effect.callback<void>((resume) => eventLoop.nextTurn(() => resume(Effect.void)))
  const link: ProducerLink = {
    partitions: (topic) =>
      Effect.suspend(() => {
        const found = broker.describe(topic)
        return found === undefined ? Effect.fail(because(new NoSuchTopic({ topic }))) : Effect.succeed(found.partitions)
      }),
    leaderOf: () => 0,
    refresh: Effect.void,
    send: Effect.fnUntraced(function* (_leader, batches) {
      yield* turn
      const verdicts = yield* Effect.forEach(batches, (batch) =>
        broker.appendBatch(batch, batch.records).pipe(
          // The whole batch is looked at before any of it is appended.
          Effect.match({
            onFailure: (error): Verdict.Verdict => Verdict.notWritten(error),
            onSuccess: () => Verdict.written
          })
        )
      )
      return { verdicts, throttleMillis: 0 }
    })
  }
  return link
})

/** The transport over the broker in the context, writing through the given link (a test may break it on the way). */
export const make = Effect.fnUntraced(function* (link: ProducerLink) {
  const broker = yield* MemoryBroker.MemoryBroker
  const eventLoop = yield* EventLoop
  let members = 0

  const readPartition = Effect.fnUntraced(function* (read: ReadPartition) {
    const log = broker.log(read)
    if (log === undefined) return yield* MemoryBroker.notFound(broker, read)
    const start = read.from === "end" ? log.end : read.from === "earliest" ? log.start : read.from
    let position = start
    let current = log
    let isScheduled = false
    let isClosed = false
    let isLost = false
    const deliver = () => {
      isScheduled = false
      if (isClosed) return
      // As the real one: a position outside the log falls back to the earliest, never to the latest.
      if (position > current.end) position = current.start
      const records = current.read(position, fetchLimit)
      if (records.length === 0) return
      position = records.at(-1)!.offset + 1
      read.onRecords(records)
      schedule()
    }
    const schedule = () => {
      if (isScheduled || isClosed) return
      isScheduled = true
      eventLoop.nextTurn(deliver)
    }
    let unsubscribe = log.onGrowth(schedule)
    schedule()
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        isClosed = true
        unsubscribe()
      })
    )
    // A real reader notices a lost topic by the broker's answer; here it looks now and then.
    const watch = Effect.sync(() => {
      const found = broker.log(read)
      if (found === undefined) {
        if (!isLost) read.onLost?.(MemoryBroker.notFound(broker, read))
        isLost = true
      } else if (found !== current) {
        unsubscribe()
        current = found
        position = found.start
        isLost = false
        unsubscribe = found.onGrowth(schedule)
        schedule()
      }
    })
    yield* watch.pipe(Effect.delay("1 second"), Effect.forever, Effect.forkScoped)
    return { start }
  })

  const joinGroup = Effect.fnUntraced(function* (
    join: JoinGroup
  ): Effect.fn.Return<GroupMember, TransportError, Scope.Scope> {
    for (const topic of join.topics) {
      if (broker.describe(topic) === undefined) return yield* because(new NoSuchTopic({ topic }))
    }
    const group = broker.group(join.groupId)
    const member = new MemoryMembership(`${join.groupId}-${++members}`, broker, eventLoop, join)
    const revoke = Effect.suspend(() =>
      // A member that has just come has nothing to give up.
      member.generation < 0
        ? Effect.void
        : join.onRevoking.pipe(
            Effect.timeoutOption(join.revokeTimeoutMillis),
            Effect.andThen(Effect.sync(() => member.release()))
          )
    )
    const joined = Deferred.makeUnsafe<void>()
    const leave = Effect.suspend(() => {
      member.release()
      return group.members.delete(member.id) ? broker.rebalance(join.groupId) : Effect.void
    })
    group.members.set(member.id, {
      id: member.id,
      topics: join.topics,
      revoke,
      assign: (partitions, generation) => {
        member.assign(partitions, generation)
        Deferred.doneUnsafe(joined, Exit.void)
      }
    })
    yield* Effect.addFinalizer(() => leave)
    yield* broker.rebalance(join.groupId)
    // Somebody else's rebalance may have been under way; its next round includes this member.
    yield* Deferred.await(joined)
    return {
      commit: (offsets) =>
        Effect.suspend(() =>
          group.members.has(member.id) ? member.commit(offsets) : Effect.fail(because(new TransportClosed()))
        ),
      pause: (partition) => member.pause(partition),
      resume: (partition) => member.resume(partition),
      leaseUntil: () => Number.POSITIVE_INFINITY,
      stopFetching: Effect.sync(() => member.stopFetching()),
      leave
    }
  })

  return Transport.of({
    link,
    topics: {
      describe: (names) => Effect.sync(() => names.flatMap((name) => broker.describe(name) ?? [])),
      create: (spec) => Effect.sync(() => broker.createTopic(spec)),
      configs: (topic, names) =>
        Effect.sync(() => {
          const configs = broker.configs(topic)
          return Object.fromEntries(
            names.flatMap((name) => (configs[name] === undefined ? [] : [[name, configs[name]]]))
          )
        })
    },
    readPartition,
    joinGroup,
    groupSize: (groupId) => Effect.sync(() => broker.group(groupId).members.size)
  })
})

const layerOverBroker = Layer.effect(
  Transport,
  Effect.flatMap(makeLink, (link) => make(link))
)

/** A transport of its own broker, with the broker beside it for inspection. */
export const layer: Layer.Layer<Transport | MemoryBroker.MemoryBroker> = layerOverBroker.pipe(
  Layer.provideMerge(MemoryBroker.layer)
)

/** A new broker for several programs in one process: whatever is built from the layer, once or often, meets at it. */
export const share = (): Layer.Layer<Transport | MemoryBroker.MemoryBroker> =>
  // Fresh, or the layers of two brokers in one program would be one.
  Layer.fresh(layerOverBroker).pipe(
    Layer.provideMerge(Layer.succeed(MemoryBroker.MemoryBroker, Effect.runSync(MemoryBroker.make)))
  )

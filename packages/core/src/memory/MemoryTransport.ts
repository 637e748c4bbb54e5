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
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EventLoop } from "../host/EventLoop.ts"
import { joinGroup } from "./internal/memoryGroupMember.ts"
import { readPartition } from "./internal/memoryReader.ts"
import * as MemoryBroker from "./MemoryBroker.ts"
import type { ProducerLink } from "../kafka/ProducerLink.ts"
import { Transport } from "../kafka/Transport.ts"
import { because, NoSuchTopic } from "../kafka/TransportError.ts"
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
    readPartition: (read) => readPartition(broker, eventLoop, read),
    joinGroup: (join) => Effect.suspend(() => joinGroup(broker, eventLoop, `${join.groupId}-${++members}`, join)),
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

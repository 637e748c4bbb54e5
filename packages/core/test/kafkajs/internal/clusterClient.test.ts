/** The connections of a client against brokers that do what Kafka's do on their worst days. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { type ClientOptions, toSettings } from "../../../src/kafkajs/internal/clientSettings.ts"
import * as ClusterClient from "../../../src/kafkajs/internal/clusterClient.ts"
import * as PartitionReader from "../../../src/kafkajs/internal/partitionReader.ts"
import * as ProducerLink from "../../../src/kafkajs/internal/producerLink.ts"
import { apis, saslAnswer, type ScriptedBroker, startBrokers, topic } from "./scriptedBroker.ts"

const sasl = { mechanism: "plain", username: "user", password: "secret" } as const
const record = { topic, partition: 0, key: null, value: Buffer.from("x"), headers: [] }
const batch = { topic, partition: 0, records: [record] }
const saslAuthenticationFailed = 58

const clientOf = (brokers: ReadonlyArray<string>, options: Partial<ClientOptions> = {}) =>
  ClusterClient.make(toSettings({ brokers, clientId: "test", ...options }))

/** A client that knows the topic, and its link. */
const started = Effect.fnUntraced(function* (brokers: ReadonlyArray<string>) {
  const client = yield* clientOf(brokers)
  client.metadata.register(topic)
  yield* client.untilStarted(client.refresh)
  return { client, link: yield* ProducerLink.make(client) }
})

const countOf = ({ asked }: ScriptedBroker, api: number): number => asked.get(api) ?? 0
const until = (holds: () => boolean) =>
  Effect.sync(holds).pipe(Effect.delay("20 millis"), Effect.repeat({ until: (is) => is }))

describe("clusterClient", () => {
  it.live("requester B4: a connection that is lost while it authenticates is no verdict on the credentials", () =>
    Effect.gen(function* () {
      let toBreak = 1
      const { addresses } = yield* startBrokers(1, {
        react: (_nodeId, api) => (api === apis.sasl && toBreak-- > 0 ? "hang up" : undefined)
      })
      const client = yield* clientOf(addresses, { sasl })
      const error = yield* Effect.flip(client.refresh)
      assert.deepStrictEqual([error.reason._tag, error.isRetryable], ["Unreachable", true])
      yield* client.untilStarted(client.refresh)
    }).pipe(Effect.scoped)
  )

  it.live("requester B4: what the broker says about the credentials is final", () =>
    Effect.gen(function* () {
      const { addresses } = yield* startBrokers(1, {
        react: (_nodeId, api) => (api === apis.sasl ? saslAnswer(saslAuthenticationFailed) : undefined)
      })
      const client = yield* clientOf(addresses, { sasl })
      const error = yield* Effect.flip(client.untilStarted(client.refresh))
      assert.deepStrictEqual([error.reason._tag, error.isRetryable], ["NotAuthorized", false])
    }).pipe(Effect.scoped)
  )

  it.live("requester B15: a write that waits for replicas is waited for, whatever is asked beside it", () =>
    Effect.gen(function* () {
      const replicated = Promise.withResolvers<undefined>()
      const { addresses, brokers } = yield* startBrokers(1, {
        react: (_nodeId, api) => (api === apis.produce ? replicated.promise : undefined)
      })
      const [broker] = brokers
      const { client, link } = yield* started(addresses)
      const writing = yield* Effect.forkChild(link.send(0, [batch], 10_000), { startImmediately: true })
      yield* until(() => countOf(broker!, apis.produce) === 1)
      // Several doubts, each answered beside the write.
      const pings = countOf(broker!, apis.apiVersions)
      yield* until(() => countOf(broker!, apis.apiVersions) >= pings + 2)
      yield* client.refresh
      replicated.resolve(undefined)
      assert.strictEqual((yield* Fiber.join(writing)).verdicts[0]?._tag, "Written")
      assert.deepStrictEqual([countOf(broker!, apis.produce), broker!.ended()], [1, 0])
    }).pipe(Effect.scoped)
  )

  it.live("requester B16: a throttled client waits, and cuts nothing", () =>
    Effect.gen(function* () {
      const { addresses, brokers, script } = yield* startBrokers(1, { throttleMillis: 1_500 })
      const [broker] = brokers
      const { link } = yield* started(addresses)
      yield* link.send(0, [batch], 5_000)
      script.throttleMillis = 0
      const early = yield* Effect.flip(link.send(0, [batch], 100))
      assert.strictEqual(early._tag, "NotWritten")
      assert.include(early.error.message, "THROTTLING_QUOTA_EXCEEDED")
      assert.strictEqual(countOf(broker!, apis.produce), 1)
      yield* link.send(0, [batch], 5_000)
      assert.deepStrictEqual([countOf(broker!, apis.produce), broker!.ended()], [2, 0])
    }).pipe(Effect.scoped)
  )

  it.live("chaos D2, H7: a broker that falls silent is suspected, by all, until it answers again", () =>
    Effect.gen(function* () {
      let isFrozen = false
      const thaw = Promise.withResolvers<undefined>()
      const { addresses } = yield* startBrokers(2, {
        react: (nodeId) => (isFrozen && nodeId === 0 ? thaw.promise : undefined)
      })
      const { client, link } = yield* started(addresses)
      yield* link.send(0, [batch], 5_000)
      isFrozen = true
      const { error } = yield* Effect.flip(link.send(0, [batch], 60_000))
      assert.isTrue(error.isRetryable)
      // Others hear of it at once, and the metadata comes from the other broker.
      assert.strictEqual((yield* Effect.flip(client.connect(0, "anything"))).reason._tag, "Unreachable")
      yield* client.refresh
      isFrozen = false
      thaw.resolve(undefined)
      yield* Effect.retry(client.connect(0, "anything"), { while: () => true })
    }).pipe(Effect.scoped)
  )

  it.live("requester B7: a reader follows a leader that moved, though the old one still answers", () =>
    Effect.gen(function* () {
      let leader = 0
      const { addresses, brokers } = yield* startBrokers(2, {
        leader: () => leader,
        react: async (_nodeId, api) => {
          if (api === apis.fetch) await new Promise((resolve) => void setImmediate(resolve))
          return undefined
        }
      })
      const { client } = yield* started(addresses)
      yield* PartitionReader.readPartition(client, { topic, partition: 0, from: "end", onRecords: () => undefined })
      yield* until(() => countOf(brokers[0]!, apis.fetch) > 1)
      leader = 1
      // Whoever looks.
      yield* client.refresh
      yield* until(() => countOf(brokers[1]!, apis.fetch) > 1)
    }).pipe(Effect.scoped)
  )
})

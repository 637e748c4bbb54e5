/**
 * One real broker through everything that fault tests do to it.
 */
import { assert, layer } from "@effect/vitest"
import { KafkaCluster } from "../src/KafkaCluster.ts"
import * as Effect from "effect/Effect"
import { type Admin, Kafka, logLevel, type Producer } from "kafkajs"

const kafka = (brokers: ReadonlyArray<string>) =>
  new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry: { retries: 5 } })

const withAdmin = <A>(brokers: ReadonlyArray<string>, use: (admin: Admin) => Promise<A>) =>
  Effect.acquireUseRelease(
    Effect.tryPromise(async () => {
      const admin = kafka(brokers).admin()
      await admin.connect()
      return admin
    }),
    (admin) => Effect.tryPromise(() => use(admin)),
    (admin) => Effect.tryPromise(() => admin.disconnect()).pipe(Effect.ignore)
  )

const withProducer = <A>(brokers: ReadonlyArray<string>, use: (producer: Producer) => Promise<A>) =>
  Effect.acquireUseRelease(
    Effect.tryPromise(async () => {
      const producer = kafka(brokers).producer()
      await producer.connect()
      return producer
    }),
    (producer) => Effect.tryPromise(() => use(producer)),
    (producer) => Effect.tryPromise(() => producer.disconnect()).pipe(Effect.ignore)
  )

const highWatermark = (brokers: ReadonlyArray<string>) =>
  withAdmin(brokers, (admin) => admin.fetchTopicOffsets("orders")).pipe(Effect.map(([offsets]) => offsets?.high))

layer(KafkaCluster.layerTest, { timeout: "3 minutes" })("one broker", (it) => {
  it.effect("answers when the layer is built", () =>
    Effect.gen(function* () {
      const cluster = yield* KafkaCluster
      const metadata = yield* cluster.broker(0).probe
      assert.deepStrictEqual(
        metadata.brokers.map(({ host, nodeId, port }) => ({ nodeId, address: `${host}:${port}` })),
        [{ nodeId: 0, address: cluster.brokers[0] }]
      )
      assert.throws(() => cluster.broker(1), RangeError)
    })
  )

  it.effect(
    "keeps its data when it is killed and started again",
    () =>
      Effect.gen(function* () {
        const { broker, brokers } = yield* KafkaCluster
        yield* withAdmin(brokers, (admin) =>
          admin.createTopics({ topics: [{ topic: "orders", numPartitions: 1 }], waitForLeaders: true })
        )
        yield* withProducer(brokers, (producer) =>
          producer.send({ topic: "orders", acks: -1, messages: [{ value: "a" }, { value: "b" }] })
        )
        yield* broker(0).kill
        assert.strictEqual((yield* Effect.flip(broker(0).probe)).kind, "refused")
        assert.strictEqual((yield* Effect.flip(broker(0).pause)).reason._tag, "NotRunning")
        yield* broker(0).start
        assert.strictEqual(yield* highWatermark(brokers), "2")
        yield* broker(0).stop
        yield* broker(0).start
        assert.strictEqual(yield* highWatermark(brokers), "2")
      }),
    60_000
  )

  it.effect(
    "does not answer while paused, and answers again when resumed",
    () =>
      Effect.gen(function* () {
        const { broker } = yield* KafkaCluster
        yield* broker(0).pause
        assert.strictEqual((yield* Effect.flip(broker(0).probe)).kind, "silent")
        yield* broker(0).resume
        assert.strictEqual((yield* broker(0).probe).brokers.length, 1)
        yield* broker(0).pause
        yield* broker(0).stop
        yield* broker(0).start
        yield* broker(0).start
        assert.strictEqual((yield* broker(0).probe).brokers.length, 1)
      }),
    60_000
  )
})

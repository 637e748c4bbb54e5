/**
 * The driver while brokers crash, freeze and move leaders: nothing acknowledged is lost, nothing is skipped, and all of it
 * goes on by itself.
 */
import { assert, layer } from "@effect/vitest"
import { KafkaCluster } from "@kafka-request-reply/dev-kafka/KafkaCluster"
import { probe } from "@kafka-request-reply/dev-kafka/KafkaProbe"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"

import * as KafkajsTransport from "../../src/kafkajs/KafkajsTransport.ts"
import type { ConsumedRecord } from "../../src/kafka/KafkaRecord.ts"
import { Transport } from "../../src/kafka/Transport.ts"
import { makeTopic, member, reader, record, takeUntil } from "./fixtures.ts"
import { publisherWith } from "../suites/transport/fixtures.ts"

const transport = Layer.unwrap(
  Effect.map(KafkaCluster, ({ brokers }) => KafkajsTransport.layer({ brokers, clientId: "core-test" }))
)
const over = (brokers: 1 | 3) => transport.pipe(Layer.provideMerge(KafkaCluster.layer({ brokers })))

const patienceMillis = 60_000
const values = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name} ${i}`)

/** Publishes values one after the other, a few milliseconds apart, round robin over the partitions. */
const publishAll = Effect.fnUntraced(function* (topic: string, partitions: number, all: ReadonlyArray<string>) {
  const publisher = yield* publisherWith({ sendTimeout: "2 seconds" })
  yield* Effect.forEach(
    all,
    (value, i) => publisher.publish(record(topic, i % partitions, value), patienceMillis).pipe(Effect.delay(i * 5)),
    { concurrency: "unbounded", discard: true }
  )
})

const assertGapless = (records: ReadonlyArray<ConsumedRecord>) => {
  const offsets = records.map(({ offset }) => offset)
  assert.deepStrictEqual(
    offsets,
    Array.from(offsets, (_, i) => offsets[0]! + i)
  )
}

layer(over(1), { excludeTestServices: true, timeout: "60 seconds" })("one broker", (it) => {
  it.effect(
    "A1: is killed and started again: writing, reading and the membership go on, and no offset is skipped",
    () =>
      Effect.gen(function* () {
        const { broker } = yield* KafkaCluster
        const topic = yield* makeTopic(1)
        const read = yield* reader(topic, 0, "end")
        const group = yield* member(`${topic}.group`, topic)
        const before = values("before", 20)
        yield* publishAll(topic, 1, before)
        assertGapless(yield* takeUntil(read, before))
        const position = (yield* takeUntil(group.records, before)).length

        const during = values("during", 50)
        const publishing = yield* Effect.forkChild(publishAll(topic, 1, during))
        yield* broker(0).kill
        yield* broker(0).start
        yield* Fiber.join(publishing)
        assertGapless(yield* takeUntil(read, during))
        yield* takeUntil(group.records, during)
        yield* group.commit([{ topic, partition: 0, offset: position, metadata: "after" }]).pipe(
          // The rejoin that the coordinator's restart may ask for can be under way.
          Effect.retry({ times: 50, schedule: Schedule.spaced("100 millis") })
        )
      }),
    patienceMillis * 2
  )

  it.effect(
    "A2, L2: freezes and thaws: the connections are replaced, and every record is in the log",
    () =>
      Effect.gen(function* () {
        const { broker } = yield* KafkaCluster
        const topic = yield* makeTopic(1)
        const read = yield* reader(topic, 0, "end")
        const all = values("frozen", 100)
        const publishing = yield* Effect.forkChild(publishAll(topic, 1, all))
        yield* broker(0).pause
        yield* Effect.sleep("7 seconds")
        yield* broker(0).resume
        yield* Fiber.join(publishing)
        assertGapless(yield* takeUntil(read, all))
      }),
    patienceMillis * 2
  )
})

layer(over(3), { excludeTestServices: true, timeout: "90 seconds" })("three brokers", (it) => {
  it.effect(
    "A3: one leader freezes: the partitions of the others are written without delay",
    () =>
      Effect.gen(function* () {
        const { broker, brokers } = yield* KafkaCluster
        const { topics } = yield* Transport
        const publisher = yield* publisherWith({ sendTimeout: "2 seconds" })
        const topic = `frozen-${crypto.randomUUID()}`
        yield* topics.create({ name: topic, partitions: 6, replicationFactor: 1, configs: {} })
        const healthy: Array<number> = []
        yield* Effect.forEach([0, 1, 2, 3, 4, 5], (partition) => publisher.publish(record(topic, partition, "warm")))
        const metadata = yield* probe(brokers[0]!)
        const leaders = metadata.topics.find(({ name }) => name === topic)!.leaders
        const [frozen] = leaders
        yield* broker(frozen!).pause
        yield* Effect.forEach(
          [0, 1, 2, 3, 4, 5],
          (partition) =>
            publisher
              .publish(record(topic, partition, "x"), 1_000)
              .pipe(Effect.match({ onFailure: () => undefined, onSuccess: () => healthy.push(partition) })),
          { concurrency: "unbounded", discard: true }
        )
        yield* broker(frozen!).resume
        // A busy controller may have left a broker out; whose partitions are written is what counts.
        assert.lengthOf(healthy, leaders.filter((leader) => leader !== frozen).length)
        assert.isAbove(healthy.length, 0)
      }),
    patienceMillis
  )

  it.effect(
    "L1: leaders move while batches go to all of them: what was acknowledged is in the log",
    () =>
      Effect.gen(function* () {
        const { broker } = yield* KafkaCluster
        const { topics } = yield* Transport
        const topic = `moving-${crypto.randomUUID()}`
        yield* topics.create({
          name: topic,
          partitions: 6,
          replicationFactor: 3,
          configs: { "min.insync.replicas": "2" }
        })
        const group = yield* member(`${topic}.group`, topic)
        const all = values("moving", 600)
        const publishing = yield* Effect.forkChild(publishAll(topic, 6, all))
        yield* takeUntil(group.records, all.slice(0, 30))
        yield* broker(1).kill
        yield* takeUntil(group.records, all.slice(300, 360))
        yield* broker(1).start
        yield* Fiber.join(publishing)
        yield* Effect.forEach([0, 1, 2, 3, 4, 5], (partition) =>
          Effect.gen(function* () {
            const records = yield* reader(topic, partition, "earliest")
            const expected = all.filter((_, i) => i % 6 === partition)
            assertGapless(yield* takeUntil(records, expected))
          })
        )
      }),
    patienceMillis * 3
  )

  it.effect(
    "A8, H7: the broker that all were connected to first freezes for good: its partitions are written by the replicas that take over, and read on",
    () =>
      Effect.gen(function* () {
        const { broker } = yield* KafkaCluster
        const { topics } = yield* Transport
        const topic = `taken-over-${crypto.randomUUID()}`
        yield* topics.create({
          name: topic,
          partitions: 6,
          replicationFactor: 3,
          configs: { "min.insync.replicas": "2" }
        })
        const group = yield* member(`${topic}.group`, topic)
        const read = yield* Effect.forEach([0, 1, 2, 3, 4, 5], (partition) => reader(topic, partition, "end"))
        yield* Effect.gen(function* () {
          yield* broker(0).pause
          const all = values("taken over", 60)
          yield* publishAll(topic, 6, all)
          yield* takeUntil(group.records, all)
          for (const [partition, records] of read.entries()) {
            assertGapless(
              yield* takeUntil(
                records,
                all.filter((_, i) => i % 6 === partition)
              )
            )
          }
        }).pipe(Effect.ensuring(Effect.ignore(broker(0).resume)))
      }),
    patienceMillis * 2
  )

  it.effect(
    "A10: the first of the bootstrap list is frozen: another one is started with",
    () =>
      Effect.gen(function* () {
        const { broker, brokers } = yield* KafkaCluster
        const topic = yield* makeTopic(3)
        const start = Effect.scoped(
          Effect.gen(function* () {
            const { topics } = yield* Transport
            assert.lengthOf(yield* topics.describe([topic]), 1)
            // Time for the others when one of them keeps silent for a moment too: the frozen one may lead the controllers.
          }).pipe(Effect.provide(KafkajsTransport.layer({ brokers, clientId: "core-test", startTimeout: "9 seconds" })))
        )
        // Whichever is asked must have heard of the topic.
        const publisher = yield* publisherWith({ sendTimeout: "2 seconds" })
        yield* Effect.forEach([0, 1, 2], (partition) => publisher.publish(record(topic, partition, "first")))
        yield* broker(0).pause
        yield* start.pipe(Effect.ensuring(Effect.ignore(broker(0).resume)))
      }),
    patienceMillis
  )
})

/**
 * A topic that is deleted and made anew so quickly that its old positions exist again before anybody looks: nobody may take
 * the one for the other.
 */
import { assert, layer } from "@effect/vitest"
import { sharedBrokers } from "@kafka-request-reply/dev-kafka/SharedBroker"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as KafkajsTransport from "../../src/kafkajs/KafkajsTransport.ts"
import type { ConsumedRecord } from "../../src/kafka/KafkaRecord.ts"
import { Transport } from "../../src/kafka/Transport.ts"
import { deleteTopic, makeTopic, member, record, takeUntil, text } from "./fixtures.ts"
import { publisherOverLink } from "../suites/transport/fixtures.ts"

const rounds = 6
const names = (what: string, count: number) => Array.from({ length: count }, (_, i) => `${what} ${i}`)

layer(KafkajsTransport.layer({ brokers: sharedBrokers, clientId: "core-test" }), {
  excludeTestServices: true,
  timeout: "30 seconds"
})("a topic made anew within a second", (it) => {
  it.effect(
    "requester B6: is told as lost, and read from its beginning, by a reader whose position exists again",
    () =>
      Effect.gen(function* () {
        const { readPartition, topics } = yield* Transport
        const publisher = yield* publisherOverLink
        for (let round = 0; round < rounds; round++) {
          const topic = yield* makeTopic(1)
          yield* Effect.forEach(names("old", 5), (value) => publisher.publish(record(topic, 0, value)))
          const lost = yield* Queue.unbounded<string>()
          const records = yield* Queue.unbounded<ConsumedRecord>()
          yield* Effect.gen(function* () {
            yield* readPartition({
              topic,
              partition: 0,
              from: "end",
              onRecords: (fetched) => void Queue.offerAllUnsafe(records, fetched),
              onLost: (error) => void Queue.offerUnsafe(lost, error.reason._tag)
            })
            yield* deleteTopic(sharedBrokers, topic)
            yield* topics.create({ name: topic, partitions: 1, replicationFactor: -1, configs: {} })
            const anew = names("new", 8)
            yield* Effect.forEach(anew, (value) => publisher.publish(record(topic, 0, value), 10_000))
            const read = yield* takeUntil(records, anew)
            assert.deepStrictEqual(
              read.map(({ value }) => text(value)),
              anew
            )
            assert.deepStrictEqual(yield* Queue.clear(lost), ["NoSuchTopic"])
          }).pipe(Effect.scoped)
        }
      }).pipe(Effect.scoped),
    120_000
  )

  it.effect(
    "requester B6: is served from its beginning by a group, and no offset of the old one is committed to it",
    () =>
      Effect.gen(function* () {
        const { topics } = yield* Transport
        const publisher = yield* publisherOverLink
        const topic = yield* makeTopic(1)
        yield* Effect.forEach(names("old", 5), (value) => publisher.publish(record(topic, 0, value)))
        const group = yield* member(`${topic}.group`, topic)
        yield* takeUntil(group.records, names("old", 5))
        yield* group.commit([{ topic, partition: 0, offset: 5, metadata: "" }])
        const [before] = yield* Queue.take(group.assignments)
        yield* deleteTopic(sharedBrokers, topic)
        yield* topics.create({ name: topic, partitions: 1, replicationFactor: -1, configs: {} })
        const anew = names("new", 8)
        yield* Effect.forEach(anew, (value) => publisher.publish(record(topic, 0, value), 10_000))
        yield* takeUntil(group.records, anew)
        const again = (yield* Queue.clear(group.assignments)).flat()
        assert.isTrue(again.some(({ topicId }) => topicId !== undefined && topicId !== before?.topicId))
      }).pipe(Effect.scoped),
    120_000
  )

  it.effect(
    "P11/topic made anew: is known by its new partitions without any failure, when the metadata is old enough",
    () =>
      Effect.gen(function* () {
        const { link, topics } = yield* Transport
        const publisher = yield* publisherOverLink
        const topic = yield* makeTopic(1)
        yield* publisher.publish(record(topic, 0, "old"))
        assert.strictEqual(yield* link.partitions(topic), 1)
        yield* deleteTopic(sharedBrokers, topic)
        yield* topics.create({ name: topic, partitions: 3, replicationFactor: -1, configs: {} })
        // Nobody asks for anything meanwhile.
        yield* Effect.repeat(link.partitions(topic), {
          until: (partitions) => partitions === 3,
          schedule: Schedule.spaced("500 millis")
        }).pipe(Effect.timeout("40 seconds"))
      }).pipe(Effect.scoped),
    60_000
  )
})

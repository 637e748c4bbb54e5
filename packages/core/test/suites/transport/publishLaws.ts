/**
 * What is published is what is read, in order; what cannot be written fails as itself.
 */
import { assert } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import type { OutgoingRecord } from "../../../src/kafka/KafkaRecord.ts"
import type { RecordHeader } from "../../../src/wire/RecordHeaders.ts"
import * as Arbitraries from "../../wire/arbitraries.ts"
import {
  bytes,
  lawsOf,
  makeTopic,
  publisherOverLink,
  read,
  reasonOf,
  record,
  soon,
  text,
  type Tester,
  valuesOf
} from "./fixtures.ts"

const hex = (value: Uint8Array | null): string | null => (value === null ? null : Buffer.from(value).toString("hex"))

const plain = ({ headers, key, partition, topic, value }: OutgoingRecord) => ({
  topic,
  partition,
  key: hex(key),
  value: hex(value),
  headers: headers.map(([name, value]) => [name, hex(value)])
})

const canonical = (records: ReadonlyArray<OutgoingRecord>) => records.map((record) => JSON.stringify(plain(record)))

const anyRecord = Arbitrary.all({
  key: Arbitraries.maybe(Arbitraries.bytes(0, 20)),
  value: Arbitraries.maybe(Arbitraries.bytes(0, 200)),
  headers: Arbitrary.array(Arbitrary.all([Arbitraries.text(0, 8), Arbitraries.bytes(0, 20)] as const), { maxLength: 5 })
})

export const publishLaws = (it: Tester): void => {
  const law = lawsOf(it)

  law("keys, values and headers arrive unchanged: null, empty, binary, repeated, in their order", () =>
    Effect.gen(function* () {
      const publisher = yield* publisherOverLink
      const topic = yield* makeTopic(2)
      const reader = yield* read(topic, 1, "earliest")
      const headers: ReadonlyArray<RecordHeader> = [
        ["x", bytes("1")],
        ["ä-ü", Uint8Array.of(0, 255, 128, 10)],
        ["x", bytes("2")],
        ["empty", new Uint8Array(0)],
        ["x", bytes("1")]
      ]
      const binary = Uint8Array.from({ length: 256 }, (_, code) => code)
      const records: ReadonlyArray<OutgoingRecord> = [
        { topic, partition: 1, key: null, value: null, headers: [] },
        { topic, partition: 1, key: binary, value: binary, headers },
        { topic, partition: 1, key: new Uint8Array(0), value: new Uint8Array(0), headers }
      ]
      yield* Effect.forEach(records, (record) => publisher.publish(record))
      const arrived = yield* reader.next(3)
      assert.deepStrictEqual(arrived.map(plain), records.map(plain))
      assert.deepStrictEqual(
        arrived.map(({ offset }) => offset),
        [0, 1, 2]
      )
      for (const { timestamp } of arrived) assert.isTrue(Number.isSafeInteger(timestamp) && timestamp >= 0)
    })
  )

  law("any records arrive unchanged", () =>
    Effect.gen(function* () {
      const publisher = yield* publisherOverLink
      const topic = yield* makeTopic(1)
      const reader = yield* read(topic, 0, "earliest")
      const samples = yield* Arbitrary.sampleEffect(anyRecord, { count: 200 })
      const records = samples.map(({ headers, key, value }): OutgoingRecord => ({
        topic,
        partition: 0,
        key: key ?? null,
        value: value ?? null,
        headers
      }))
      yield* Effect.forEach(records, (record) => publisher.publish(record), { concurrency: "unbounded", discard: true })
      const arrived = yield* reader.next(records.length)
      assert.deepStrictEqual(canonical(arrived).toSorted(), canonical(records).toSorted())
    })
  )

  law("records of one key keep their order while several batches are in flight", () =>
    Effect.gen(function* () {
      const publisher = yield* publisherOverLink
      const topic = yield* makeTopic(2)
      const count = 4_000
      const readers = [yield* read(topic, 0, "earliest"), yield* read(topic, 1, "earliest")]
      const share = [0, 0]
      const records = Array.from({ length: count }, (_, index) => {
        const partition = (index % 7) % 2
        share[partition]!++
        return record(topic, partition, String(index), `key-${index % 7}`)
      })
      yield* soon(
        "the acknowledgements",
        Effect.forEach(records, (record) => publisher.publish(record, 20_000), {
          concurrency: "unbounded",
          discard: true
        })
      )
      const seen = new Map<string, number>()
      for (const [partition, reader] of readers.entries()) {
        for (const { key, value } of yield* reader.next(share[partition]!)) {
          const index = Number(text(value))
          assert.isAbove(index, seen.get(text(key)) ?? -1, `${text(key)} out of order`)
          seen.set(text(key), index)
        }
        assert.strictEqual(yield* reader.waiting, 0)
      }
      assert.strictEqual(seen.size, 7)
    })
  )

  law("each partition gets its own records", () =>
    Effect.gen(function* () {
      const publisher = yield* publisherOverLink
      const topic = yield* makeTopic(3)
      yield* Effect.forEach([0, 1, 2, 2], (partition) => publisher.publish(record(topic, partition, `to ${partition}`)))
      for (const [partition, count] of [1, 1, 2].entries()) {
        const reader = yield* read(topic, partition, "earliest")
        assert.deepStrictEqual(valuesOf(yield* reader.next(count)), Array(count).fill(`to ${partition}`))
      }
    })
  )

  law("a missing topic or partition is said to be missing", () =>
    Effect.gen(function* () {
      const publisher = yield* publisherOverLink
      const topic = yield* makeTopic(2)
      // A new topic may not have reached every broker yet, so a missing one is waited for.
      assert.strictEqual(yield* reasonOf(publisher.publish(record(`${topic}-missing`, 0, "x"), 1_500)), "NoSuchTopic")
      assert.strictEqual(yield* reasonOf(publisher.publish(record(topic, 2, "x"), 10_000)), "NoSuchPartition")
      assert.strictEqual(yield* reasonOf(publisher.partitions(`${topic}-missing`)), "NoSuchTopic")
      assert.strictEqual(yield* publisher.partitions(topic), 2)
    })
  )

  law("a record that is too large fails alone", () =>
    Effect.gen(function* () {
      const publisher = yield* publisherOverLink
      const topic = yield* makeTopic(1, { "max.message.bytes": "2000" })
      const values = Array.from({ length: 8 }, (_, index) => (index === 5 ? "x".repeat(3_000) : `small ${index}`))
      const reasons = yield* Effect.forEach(
        values,
        (value) =>
          publisher.publish(record(topic, 0, value), 10_000).pipe(
            Effect.as("written"),
            Effect.catch((error) => Effect.succeed(error.reason._tag))
          ),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(
        reasons,
        values.map((value) => (value.length > 2_000 ? "TooLarge" : "written"))
      )
      const reader = yield* read(topic, 0, "earliest")
      assert.deepStrictEqual(
        valuesOf(yield* reader.next(7)).toSorted(),
        values.filter((value) => value.length < 2_000)
      )
    })
  )
}

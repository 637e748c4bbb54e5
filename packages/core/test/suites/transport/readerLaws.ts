/**
 * A reader's position is fixed when it is built, and it never skips.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import {
  lawsOf,
  makeTopic,
  publishAll,
  publisherOverLink,
  read,
  reasonOf,
  record,
  type Tester,
  valuesOf
} from "./fixtures.ts"

const numbered = (topic: string, count: number) =>
  Array.from({ length: count }, (_, index) => record(topic, 0, String(index), "key"))

export const readerLaws = (it: Tester): void => {
  const law = lawsOf(it)

  law("a reader at the end gets what is published after it was built, and nothing before", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(1)
      yield* publishAll(numbered(topic, 2))
      const reader = yield* read(topic, 0, "end")
      assert.strictEqual(reader.start, 2)
      yield* publishAll([record(topic, 0, "first"), record(topic, 0, "second")])
      assert.deepStrictEqual(valuesOf(yield* reader.next(2)), ["first", "second"])
    })
  )

  law("a reader at the end of an empty partition misses nothing", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(1)
      const reader = yield* read(topic, 0, "end")
      assert.strictEqual(reader.start, 0)
      yield* publishAll([record(topic, 0, "first")])
      assert.deepStrictEqual(valuesOf(yield* reader.next(1)), ["first"])
    })
  )

  law("a reader starts at the earliest or at an offset", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(1)
      yield* publishAll(numbered(topic, 5))
      const earliest = yield* read(topic, 0, "earliest")
      const third = yield* read(topic, 0, 3)
      assert.deepStrictEqual([earliest.start, third.start], [0, 3])
      assert.deepStrictEqual(valuesOf(yield* earliest.next(5)), ["0", "1", "2", "3", "4"])
      assert.deepStrictEqual(valuesOf(yield* third.next(2)), ["3", "4"])
    })
  )

  law("a position beyond the end falls back to the earliest, never to the latest", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(1)
      yield* publishAll(numbered(topic, 2))
      const reader = yield* read(topic, 0, 1_000)
      assert.deepStrictEqual(valuesOf(yield* reader.next(2)), ["0", "1"])
    })
  )

  law("a backlog arrives whole and in order", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(1)
      const count = 3_000
      const reader = yield* read(topic, 0, "earliest")
      const records = numbered(topic, count)
      const publisher = yield* publisherOverLink
      yield* Effect.forEach(records, (record) => publisher.publish(record, 20_000), {
        concurrency: "unbounded",
        discard: true
      })
      const arrived = yield* reader.next(count)
      assert.deepStrictEqual(
        arrived.map(({ offset }) => offset),
        records.map((_, index) => index)
      )
      assert.deepStrictEqual(
        valuesOf(arrived),
        records.map((_, index) => String(index))
      )
    })
  )

  law("readers do not take records from each other, and stop with their scope", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(1)
      const lasting = yield* read(topic, 0, "end")
      const passing = yield* Effect.scoped(
        Effect.gen(function* () {
          const reader = yield* read(topic, 0, "end")
          yield* publishAll([record(topic, 0, "for both")])
          assert.deepStrictEqual(valuesOf(yield* reader.next(1)), ["for both"])
          return reader
        })
      )
      yield* publishAll([record(topic, 0, "for one")])
      assert.deepStrictEqual(valuesOf(yield* lasting.next(2)), ["for both", "for one"])
      assert.strictEqual(yield* passing.waiting, 0)
    })
  )

  law("a missing topic or partition is said to be missing", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(2)
      assert.strictEqual(yield* reasonOf(read(`${topic}-missing`, 0, "end")), "NoSuchTopic")
      assert.strictEqual(yield* reasonOf(read(topic, 2, "end")), "NoSuchPartition")
    })
  )
}

/**
 * What the in-memory broker does beside the laws of `TransportSuite`: what tests do to it from outside.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as TestClock from "effect/testing/TestClock"
import { MemoryBroker } from "../../src/memory/MemoryBroker.ts"
import { Transport } from "../../src/kafka/Transport.ts"
import * as MemoryTransport from "../../src/memory/MemoryTransport.ts"
import type { ConsumedRecord } from "../../src/kafka/KafkaRecord.ts"
import { record, text } from "../suites/transport/fixtures.ts"

const spec = { name: "t", partitions: 2, replicationFactor: 1, configs: {} }

const reader = Effect.fnUntraced(function* (partition: number) {
  const { readPartition } = yield* Transport
  const records = yield* Queue.unbounded<ConsumedRecord>()
  const lost = yield* Queue.unbounded<string>()
  yield* readPartition({
    topic: "t",
    partition,
    from: "earliest",
    onRecords: (batch) => void Queue.offerAllUnsafe(records, batch),
    onLost: (error) => void Queue.offerUnsafe(lost, error.reason._tag)
  })
  return { next: Effect.map(Queue.take(records), ({ offset, value }) => [offset, text(value)] as const), lost }
})

describe("MemoryBroker", () => {
  it.effect("copies what is appended: only bytes cross", () =>
    Effect.gen(function* () {
      const broker = yield* MemoryBroker
      broker.createTopic(spec)
      const value = Buffer.from("before")
      yield* broker.append({ ...record("t", 0, ""), value, headers: [["h", value]] })
      value.write("after ")
      const [stored] = broker.records("t")
      assert.deepStrictEqual([text(stored!.value), text(stored!.headers[0]![1])], ["before", "before"])
    }).pipe(Effect.provide(MemoryTransport.layer))
  )

  it.effect("a reader goes over deleted offsets to the earliest that exists", () =>
    Effect.gen(function* () {
      const broker = yield* MemoryBroker
      broker.createTopic(spec)
      for (const value of ["0", "1", "2"]) yield* broker.append(record("t", 0, value))
      broker.log({ topic: "t", partition: 0 })!.truncate(2)
      const { next } = yield* reader(0)
      assert.deepStrictEqual(yield* next, [2, "2"])
      yield* broker.append(record("t", 0, "3"))
      assert.deepStrictEqual(yield* next, [3, "3"])
    }).pipe(Effect.provide(MemoryTransport.layer))
  )

  it.effect("a reader says once that its topic is gone, and reads the new one from its beginning", () =>
    Effect.gen(function* () {
      const broker = yield* MemoryBroker
      broker.createTopic(spec)
      yield* broker.append(record("t", 1, "old"))
      const { lost, next } = yield* reader(1)
      assert.deepStrictEqual(yield* next, [0, "old"])
      broker.deleteTopic("t")
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(yield* Queue.takeAll(lost), ["NoSuchTopic"])
      broker.createTopic({ ...spec, partitions: 1 })
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(yield* Queue.size(lost), 0)
      broker.deleteTopic("t")
      broker.createTopic(spec)
      yield* broker.append(record("t", 1, "new"))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* next, [0, "new"])
    }).pipe(Effect.scoped, Effect.provide(MemoryTransport.layer))
  )

  it.effect("refuses commits of a generation that is over", () =>
    Effect.gen(function* () {
      const broker = yield* MemoryBroker
      broker.createTopic(spec)
      yield* broker.rebalance("g")
      const { generation } = broker.group("g")
      yield* broker.commit("g", generation, [{ topic: "t", partition: 0, offset: 1, metadata: "" }])
      yield* broker.rebalance("g")
      const late = broker.commit("g", generation, [{ topic: "t", partition: 0, offset: 2, metadata: "" }])
      assert.strictEqual((yield* Effect.flip(late)).reason._tag, "Unavailable")
      assert.strictEqual(broker.group("g").committed.get("t-0")?.offset, 1)
    }).pipe(Effect.provide(MemoryTransport.layer))
  )
})

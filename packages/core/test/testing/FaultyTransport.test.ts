import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Fault from "../../src/testing/Fault.ts"
import * as FaultEvent from "../../src/testing/FaultEvent.ts"
import * as FaultyTransport from "../../src/testing/FaultyTransport.ts"
import type { ConsumedRecord } from "../../src/kafka/KafkaRecord.ts"
import { type AssignedPartition, Transport } from "../../src/kafka/Transport.ts"
import { valuesOf } from "../suites/transport/fixtures.ts"
import { advance, faulty, inject, outcomeOf, publish, topic, turns } from "./FaultyTopic.ts"
import { transportSuite } from "../suites/TransportSuite.ts"

transportSuite("FaultyTransport without faults", FaultyTransport.layer({ leaders: 3 }))

const groupOf = Effect.fnUntraced(function* (group: string) {
  const { joinGroup } = yield* Transport
  const records = yield* Queue.unbounded<ConsumedRecord>()
  const assignments: Array<ReadonlyArray<AssignedPartition>> = []
  const revoked: Array<string> = []
  const member = yield* joinGroup({
    groupId: group,
    topics: [topic],
    onAssigned: (partitions) => void assignments.push(partitions),
    onRecords: (batch) => batch.length - Queue.offerAllUnsafe(records, batch).length,
    onRevoking: Effect.sync(() => void revoked.push(group)),
    revokeTimeoutMillis: 1_000
  })
  return { ...member, records, assignments, revoked }
})

describe("leaders", () => {
  faulty(
    "cut: writes fail until healed; other leaders go on",
    Effect.gen(function* () {
      const faults = yield* FaultyTransport.Faults
      yield* faults.cut(0)
      const cut = yield* publish("cut", 0)
      const other = yield* publish("other", 1)
      yield* advance("300 millis")
      assert.deepStrictEqual(yield* outcomeOf(other), [["other"], "Success"])
      assert.deepStrictEqual(yield* outcomeOf(cut), [["other"], "waits"])
      yield* faults.heal(0)
      yield* advance("300 millis")
      assert.deepStrictEqual(yield* outcomeOf(cut), [["cut", "other"], "Success"])
    })
  )

  faulty(
    "freeze: writes wait and are carried out when healed",
    Effect.gen(function* () {
      const faults = yield* FaultyTransport.Faults
      yield* faults.freeze(0)
      const frozen = yield* publish("frozen", 0)
      yield* advance("1 second")
      assert.deepStrictEqual(yield* outcomeOf(frozen), [[], "waits"])
      yield* faults.heal(0)
      yield* turns
      assert.deepStrictEqual(yield* outcomeOf(frozen), [["frozen"], "Success"])
    })
  )
})

describe("deliveries", () => {
  faulty(
    "stall: readers and members get nothing until it ends, then everything in order",
    Effect.gen(function* () {
      const faults = yield* FaultyTransport.Faults
      const { readPartition } = yield* Transport
      const read: Array<string> = []
      yield* readPartition({
        topic,
        partition: 0,
        from: "end",
        onRecords: (records) => void read.push(...valuesOf(records))
      })
      const member = yield* groupOf("group")
      const resume = yield* faults.stall({ topic, partition: 0 })
      for (const value of ["1", "2", "3"]) yield* publish(value, 0)
      yield* publish("other", 1)
      yield* turns
      assert.deepStrictEqual(read, [])
      assert.deepStrictEqual(valuesOf(yield* Queue.takeBetween(member.records, 1, 10)), ["other"])
      yield* resume
      yield* turns
      assert.deepStrictEqual(read, ["1", "2", "3"])
      assert.deepStrictEqual(valuesOf(yield* Queue.takeBetween(member.records, 1, 10)), ["1", "2", "3"])
    }).pipe(Effect.scoped)
  )

  faulty(
    "rebalance asks the members first, loseSession does not; both deliver again what is not committed",
    Effect.gen(function* () {
      const faults = yield* FaultyTransport.Faults
      const member = yield* groupOf("group")
      yield* publish("1", 0)
      assert.strictEqual((yield* Queue.take(member.records)).offset, 0)
      yield* faults.rebalance("group")
      assert.strictEqual((yield* Queue.take(member.records)).offset, 0)
      assert.deepStrictEqual(member.revoked, ["group"])
      yield* faults.loseSession("group")
      assert.strictEqual((yield* Queue.take(member.records)).offset, 0)
      assert.deepStrictEqual(member.revoked, ["group"])
      assert.strictEqual(member.assignments.length, 3)
    }).pipe(Effect.scoped)
  )

  faulty(
    "failCommits: so many commits fail, and what is committed is told",
    Effect.gen(function* () {
      const faults = yield* FaultyTransport.Faults
      const member = yield* groupOf("group")
      yield* faults.failCommits("group")
      const commit = member.commit([{ topic, partition: 0, offset: 1, metadata: "m" }])
      assert.strictEqual((yield* Effect.flip(commit)).reason._tag, "Unavailable")
      yield* commit
      const event = yield* faults.happened(FaultEvent.committed("group"))
      assert.deepInclude(event, { group: "group", error: undefined })
    }).pipe(Effect.scoped)
  )
})

describe("events", () => {
  faulty(
    "are waited for by number, whether they have happened or will",
    Effect.gen(function* () {
      const faults = yield* FaultyTransport.Faults
      yield* publish("1")
      yield* turns
      const waiting = yield* Effect.forkChild(faults.happened(FaultEvent.written(topic), 3), { startImmediately: true })
      yield* publish("2")
      yield* turns
      assert.isUndefined(waiting.pollUnsafe())
      yield* publish("3")
      const third = yield* Fiber.join(waiting)
      assert(third._tag === "Written")
      assert.strictEqual(third.record.offset, 2)
      const first = yield* faults.happened(FaultEvent.written(topic))
      assert(first._tag === "Written")
      assert.strictEqual(first.record.offset, 0)
      yield* inject(Fault.drop)
      yield* publish("4")
      yield* faults.happened(FaultEvent.injected("Drop"))
      yield* faults.happened(FaultEvent.acknowledged(topic), 4)
    })
  )
})

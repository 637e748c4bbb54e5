import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as TestClock from "effect/testing/TestClock"
import * as Fault from "../../src/testing/Fault.ts"
import * as FaultEvent from "../../src/testing/FaultEvent.ts"
import * as FaultyTransport from "../../src/testing/FaultyTransport.ts"
import type { ConsumedRecord } from "../../src/transport/KafkaRecord.ts"
import { MemoryBroker } from "../../src/transport/MemoryBroker.ts"
import { type AssignedPartition, Transport } from "../../src/transport/Transport.ts"
import { because, Refused } from "../../src/transport/TransportError.ts"
import { record, valuesOf } from "../suites/transport/fixtures.ts"
import { transportSuite } from "../suites/TransportSuite.ts"

transportSuite("FaultyTransport without faults", FaultyTransport.layer({ leaders: 3 }))

const topic = "topic"

/** Runs over a transport whose topic has two partitions, with three leaders. */
const faulty = <E>(
  name: string,
  body: Effect.Effect<void, E, Transport | MemoryBroker | FaultyTransport.Faults>
): void =>
  it.effect(name, () =>
    Effect.gen(function* () {
      const { topics } = yield* Transport
      yield* topics.create({ name: topic, partitions: 2, replicationFactor: 1, configs: {} })
      yield* body
    }).pipe(Effect.provide(FaultyTransport.layer({ leaders: 3 })))
  )

const publish = Effect.fnUntraced(function* (value: string, partition = 0, timeoutMillis?: number) {
  const { publisher } = yield* Transport
  return yield* Effect.forkChild(Effect.exit(publisher.publish(record(topic, partition, value), timeoutMillis)), {
    startImmediately: true
  })
})

const turn = Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))
const turns = Effect.asVoid(Effect.repeat(turn, { times: 20 }))
const advance = (by: Duration.Input) => Effect.andThen(turns, Effect.andThen(TestClock.adjust(by), turns))

/** What is in the log, and whether the publisher was told that it is. */
const outcomeOf = Effect.fnUntraced(function* (fiber: Fiber.Fiber<{ readonly _tag: string }>) {
  const broker = yield* MemoryBroker
  return [valuesOf(broker.records(topic)), fiber.pollUnsafe() === undefined ? "waits" : (yield* Fiber.join(fiber))._tag]
})

const inject = (fault: Fault.Fault, match: Fault.Match = { topic }, times?: number) =>
  Effect.flatMap(FaultyTransport.Faults, (faults) => faults.inject(fault, match, times))

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

describe("the faults of a produce request", () => {
  faulty(
    "drop: acknowledged, not written; and once means once",
    Effect.gen(function* () {
      const injection = yield* inject(Fault.drop)
      const dropped = yield* publish("dropped")
      yield* turns
      assert.deepStrictEqual(yield* outcomeOf(dropped), [[], "Success"])
      const next = yield* publish("next")
      yield* turns
      assert.deepStrictEqual(yield* outcomeOf(next), [["next"], "Success"])
      assert.strictEqual(yield* injection.hits, 1)
    })
  )

  faulty(
    "duplicate: written twice, acknowledged",
    Effect.gen(function* () {
      yield* inject(Fault.duplicate)
      const fiber = yield* publish("twice")
      yield* turns
      assert.deepStrictEqual(yield* outcomeOf(fiber), [["twice", "twice"], "Success"])
    })
  )

  faulty(
    "delay: written and acknowledged later",
    Effect.gen(function* () {
      yield* inject(Fault.delay("1 second"))
      const fiber = yield* publish("later")
      yield* advance("900 millis")
      assert.deepStrictEqual(yield* outcomeOf(fiber), [[], "waits"])
      yield* advance("100 millis")
      assert.deepStrictEqual(yield* outcomeOf(fiber), [["later"], "Success"])
    })
  )

  faulty(
    "hold: written when it is released, also when nobody waits any more",
    Effect.gen(function* () {
      const broker = yield* MemoryBroker
      const held = yield* inject(Fault.hold)
      const fiber = yield* publish("held", 0, 1_000)
      yield* advance("2 seconds")
      assert.deepStrictEqual(yield* outcomeOf(fiber), [[], "Failure"])
      yield* held.release
      yield* turns
      assert.deepStrictEqual(valuesOf(broker.records(topic)), ["held"])
    })
  )

  faulty(
    "overtake: written after what comes next",
    Effect.gen(function* () {
      yield* inject(Fault.overtake)
      yield* publish("first")
      yield* turns
      const second = yield* publish("second")
      yield* turns
      assert.deepStrictEqual(yield* outcomeOf(second), [["second", "first"], "Success"])
    })
  )

  faulty(
    "failBefore and failAfter: reported as failed, so it is written again",
    Effect.gen(function* () {
      yield* inject(Fault.failBefore())
      const before = yield* publish("before")
      yield* advance("100 millis")
      assert.deepStrictEqual(yield* outcomeOf(before), [["before"], "Success"])
      yield* inject(Fault.failAfter())
      const after = yield* publish("after")
      yield* advance("100 millis")
      assert.deepStrictEqual(yield* outcomeOf(after), [["before", "after", "after"], "Success"])
      yield* inject(Fault.failBefore(because(new Refused({ code: "NO", detail: "" }))))
      const refused = yield* publish("refused")
      yield* turns
      assert.deepStrictEqual(yield* outcomeOf(refused), [["before", "after", "after"], "Failure"])
    })
  )

  faulty(
    "swallow: neither written nor answered",
    Effect.gen(function* () {
      yield* inject(Fault.swallow)
      const fiber = yield* publish("gone", 0, 60_000)
      yield* advance("5 seconds")
      assert.deepStrictEqual(yield* outcomeOf(fiber), [[], "waits"])
    })
  )

  faulty(
    "loseAcknowledgement and slowAcknowledgement: written at once",
    Effect.gen(function* () {
      yield* inject(Fault.slowAcknowledgement("1 second"))
      const slow = yield* publish("slow")
      yield* turns
      assert.deepStrictEqual(yield* outcomeOf(slow), [["slow"], "waits"])
      yield* advance("1 second")
      assert.deepStrictEqual(yield* outcomeOf(slow), [["slow"], "Success"])
      yield* inject(Fault.loseAcknowledgement)
      const lost = yield* publish("lost")
      yield* advance("100 millis")
      assert.deepStrictEqual(yield* outcomeOf(lost), [["slow", "lost", "lost"], "Success"])
    })
  )

  faulty(
    "happen to what matches, in the order of injection, until removed",
    Effect.gen(function* () {
      const broker = yield* MemoryBroker
      const here = yield* inject(Fault.drop, { topic, partition: 1 }, 2)
      yield* inject(Fault.duplicate, { where: ({ value }) => Buffer.from(value ?? []).toString() === "twice" })
      for (const [value, partition] of [
        ["a", 0],
        ["b", 1],
        ["twice", 1],
        ["c", 1],
        ["twice", 0]
      ] as const) {
        yield* publish(value, partition)
        yield* turns
      }
      assert.strictEqual(yield* here.hits, 2)
      assert.deepStrictEqual(valuesOf(broker.records(topic)), ["a", "twice", "twice", "c"])
      const never = yield* inject(Fault.drop)
      yield* never.remove
      yield* publish("kept")
      yield* turns
      assert.include(valuesOf(broker.records(topic)), "kept")
    })
  )
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

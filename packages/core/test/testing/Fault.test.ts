import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fault from "../../src/testing/Fault.ts"
import { MemoryBroker } from "../../src/memory/MemoryBroker.ts"
import { because, Refused } from "../../src/kafka/TransportError.ts"
import { valuesOf } from "../suites/transport/fixtures.ts"
import { advance, faulty, inject, outcomeOf, publish, topic, turns } from "./FaultyTopic.ts"

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

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import { because, Refused, TransportClosed, Unreachable } from "../../../src/kafka/TransportError.ts"
import type { RecordHeaders } from "../../../src/wire/RecordHeaders.ts"
import * as RequestEnvelope from "../../../src/wire/RequestEnvelope.ts"
import type { ReplyFields } from "../../../src/wire/ReplyEnvelope.ts"
import * as Engine from "../ScriptedCalls.ts"

const overloaded = (attempt: number, fields: Partial<ReplyFields> = {}): Partial<ReplyFields> => ({
  outcome: "rejected",
  status: "overloaded",
  attempt,
  ...fields
})

const times = Engine.retryTimes

/** The attempt that a record names. */
const attemptOf = (headers: RecordHeaders): number | string => {
  const envelope = Result.getOrThrow(RequestEnvelope.decode(headers))
  return envelope.kind === "request" ? envelope.attempt : envelope.kind
}

describe("a call that may be retried", () => {
  it.effect("is sent again after a growing wait each time a responder is overloaded, and then fails as that", () =>
    Effect.gen(function* () {
      const { call, counted, engine, publisher, reply } = yield* Engine.make()
      const fiber = yield* call({ times, timeout: 10_000 })
      reply(1, overloaded(1))
      yield* TestClock.adjust(99)
      assert.strictEqual(publisher.offered.length, 1)
      yield* TestClock.adjust(1)
      assert.strictEqual(publisher.offered.length, 2)
      reply(1, overloaded(2))
      yield* TestClock.adjust(199)
      assert.strictEqual(publisher.offered.length, 2)
      yield* TestClock.adjust(1)
      assert.strictEqual(publisher.offered.length, 3)
      assert.strictEqual(engine.inFlight(), 1)
      reply(1, overloaded(3, { retryAfter: 70 }), { message: "busy" })
      const reason = yield* Engine.failureOf(fiber)
      assert.deepStrictEqual(
        reason._tag === "Rejected" ? [reason.status, reason.detail, reason.retryAfterMillis] : reason._tag,
        ["overloaded", "busy", 70]
      )
      assert.deepStrictEqual(counted(), ["retried Get", "retried Get", "ended Get Rejected"])
      assert.deepStrictEqual(
        publisher.offered.map(({ headers }) => attemptOf(headers)),
        [1, 2, 3]
      )
    })
  )

  it.effect("is sent again a fifth earlier or later, as chance has it", () =>
    Effect.gen(function* () {
      for (const [chance, millis] of [
        [0, 80],
        [0.999, 120]
      ] as const) {
        const { call, publisher, reply } = yield* Engine.make({}, chance)
        yield* call({ times, timeout: 10_000 })
        reply(1, overloaded(1))
        yield* TestClock.adjust(millis - 1)
        assert.strictEqual(publisher.offered.length, 1)
        yield* TestClock.adjust(1)
        assert.strictEqual(publisher.offered.length, 2)
      }
    })
  )

  it.effect("waits as long as the responder asks for, and at most 40 % longer", () =>
    Effect.gen(function* () {
      const { call, publisher, reply } = yield* Engine.make()
      yield* call({ times, timeout: 10_000 })
      reply(1, overloaded(1, { retryAfter: 700 }))
      yield* TestClock.adjust(699)
      assert.strictEqual(publisher.offered.length, 1)
      yield* TestClock.adjust(282)
      assert.strictEqual(publisher.offered.length, 2)
    })
  )

  it.effect("fails at once when the responder asks for more time than there is", () =>
    Effect.gen(function* () {
      const { call, reply } = yield* Engine.make()
      const fiber = yield* call({ times, timeout: 500 })
      reply(1, overloaded(1, { retryAfter: 500 }))
      assert.strictEqual((yield* Engine.failureOf(fiber))._tag, "Rejected")
    })
  )

  it.effect("reports the newest rejection, and no timeout, when its time is up", () =>
    Effect.gen(function* () {
      const { call, reply } = yield* Engine.make()
      const fiber = yield* call({ times, timeout: 150 })
      reply(1, overloaded(1), { message: "first" })
      yield* TestClock.adjust(150)
      const reason = yield* Engine.failureOf(fiber)
      assert.deepStrictEqual(reason._tag === "Rejected" ? reason.detail : reason._tag, "first")
    })
  )

  it.effect("takes the answer of any attempt, but a rejection of the newest only", () =>
    Effect.gen(function* () {
      const { call, counted, publisher, reply } = yield* Engine.make()
      const fiber = yield* call({ times, timeout: 10_000 })
      reply(1, overloaded(1))
      yield* TestClock.adjust(100)
      assert.strictEqual(publisher.offered.length, 2)
      counted()
      reply(1, overloaded(1))
      reply(1, { outcome: "rejected", status: "invalid", attempt: 1 })
      assert.deepStrictEqual(counted(), ["ignored stale", "ignored stale"])
      reply(1, { attempt: 1 })
      assert.strictEqual((yield* Fiber.join(fiber)).envelope.outcome, "success")
      // The second attempt need not be sent any more.
      assert.isTrue(publisher.offered[1]!.abandoned)
    })
  )

  it.effect("is not sent again for what will not go away", () =>
    Effect.gen(function* () {
      const { call, publisher, reply } = yield* Engine.make()
      for (const [index, status] of ["invalid", "unsupported", "key-conflict", "internal", "new"].entries()) {
        const fiber = yield* call({ times, operation: "Reserve" })
        reply(index + 1, { outcome: "rejected", status, attempt: 1 })
        const reason = yield* Engine.failureOf(fiber)
        assert.strictEqual("status" in reason ? reason.status : reason._tag, status)
      }
      assert.strictEqual(publisher.offered.length, 5)
    })
  )

  it.effect("is sent again for each attempt that had no reply in its time, the last one until the deadline", () =>
    Effect.gen(function* () {
      const { call, publisher } = yield* Engine.make()
      const fiber = yield* call({ times: { ...times, attemptMillis: 200 }, timeout: 1_000 })
      const attempts: Array<number> = []
      for (let i = 0; i < 10; i++) {
        yield* TestClock.adjust(100)
        attempts.push(publisher.offered.length)
      }
      assert.deepStrictEqual(attempts, [1, 2, 2, 3, 3, 3, 3, 3, 3, 3])
      const reason = yield* Engine.failureOf(fiber)
      assert.deepStrictEqual(reason._tag === "Timeout" ? reason.attempts : reason._tag, 3)
    })
  )

  it.effect("is not registered twice: its entry is one, whatever the attempts", () =>
    Effect.gen(function* () {
      const { call, engine, publisher } = yield* Engine.make()
      const fiber = yield* call({ times: { ...times, attemptMillis: 100 }, timeout: 10_000 })
      yield* TestClock.adjust(500)
      assert.deepStrictEqual([publisher.offered.length, engine.inFlight()], [3, 1])
      yield* Fiber.interrupt(fiber)
      assert.isTrue(publisher.offered.every(({ abandoned }) => abandoned))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([publisher.offered.length, engine.inFlight()], [3, 0])
    })
  )

  it.effect("is not failed by the refusal of an attempt that is not the newest", () =>
    Effect.gen(function* () {
      const { call, reply, refuse } = yield* Engine.make()
      const fiber = yield* call({ times: { ...times, attemptMillis: 100 }, timeout: 10_000 })
      yield* TestClock.adjust(100)
      yield* refuse(0, because(new Refused({ code: "INVALID_RECORD", detail: "" })))
      assert.isUndefined(fiber.pollUnsafe())
      reply(1)
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(fiber)))
    })
  )

  it.effect("fails with its rejection at once when the attempt after it is refused for good", () =>
    Effect.gen(function* () {
      const { call, publisher, reply, refuse } = yield* Engine.make()
      const fiber = yield* call({ times, timeout: 10_000 })
      publisher.acknowledge(0)
      reply(1, overloaded(1))
      yield* TestClock.adjust(100)
      yield* refuse(1, because(new Refused({ code: "POLICY_VIOLATION", detail: "" })))
      assert.isDefined(fiber.pollUnsafe())
      assert.strictEqual((yield* Engine.failureOf(fiber))._tag, "Rejected")
    })
  )

  it.effect("says that it may have been written when any attempt may have been", () =>
    Effect.gen(function* () {
      const { call, publisher, refuse } = yield* Engine.make()
      const fiber = yield* call({ times: { ...times, attemptMillis: 100 }, timeout: 1_000 })
      publisher.handOver(0)
      yield* TestClock.adjust(100)
      yield* refuse(1, because(new Unreachable({ brokers: ["a:1"], detail: "" })))
      yield* TestClock.adjust(900)
      const reason = yield* Engine.failureOf(fiber)
      assert.deepStrictEqual(reason._tag === "Timeout" ? reason.delivery : reason._tag, "unknown")
    })
  )

  it.effect("ends when the transport closes before a retry can be sent", () =>
    Effect.gen(function* () {
      const { call, reply, refuse } = yield* Engine.make()
      const fiber = yield* call({ times, timeout: 10_000 })
      reply(1, overloaded(1))
      yield* TestClock.adjust(100)
      yield* refuse(1, because(new TransportClosed({})))
      assert.strictEqual((yield* Engine.failureOf(fiber))._tag, "Closed")
    })
  )
})

describe("a call that may not be retried", () => {
  it.effect("fails at once when the responder is overloaded", () =>
    Effect.gen(function* () {
      const { call, publisher, reply } = yield* Engine.make()
      const fiber = yield* call({ operation: "Take" })
      reply(1, overloaded(1))
      const reason = yield* Engine.failureOf(fiber)
      assert.deepStrictEqual(reason._tag === "Rejected" ? reason.isTransient : reason._tag, true)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(publisher.offered.length, 1)
    })
  )
})

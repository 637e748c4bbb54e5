import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import type { ReplyFields } from "../../../src/wire/ReplyEnvelope.ts"
import * as Engine from "../ScriptedCalls.ts"

const times = Engine.retryTimes

const overloaded = (attempt: number): Partial<ReplyFields> => ({ outcome: "rejected", status: "overloaded", attempt })

describe("the retry budget", () => {
  it.effect("loses a token with every failure, and lets none be retried while half of them are gone", () =>
    Effect.gen(function* () {
      const { call, counted, reply } = yield* Engine.make({ retryBudget: 4, retryBudgetRatio: 1 })
      const outcomes: Array<string> = []
      for (let number = 1; number <= 5; number++) {
        const fiber = yield* call({ times, timeout: 10_000 })
        reply(number, overloaded(1))
        yield* TestClock.adjust(100)
        outcomes.push(fiber.pollUnsafe() === undefined ? "retried" : (yield* Engine.failureOf(fiber))._tag)
      }
      assert.deepStrictEqual(outcomes, ["retried", "Rejected", "Rejected", "Rejected", "Rejected"])
      const throttled = counted().filter((what) => what === "throttled")
      assert.strictEqual(throttled.length, 4)
      // Successes open it again.
      for (let number = 6; number <= 9; number++) {
        yield* call()
        reply(number)
      }
      const fiber = yield* call({ times, timeout: 10_000 })
      reply(10, overloaded(1))
      yield* TestClock.adjust(100)
      assert.isUndefined(fiber.pollUnsafe())
    })
  )

  it.effect("is spent by calls that time out, and by those that are never retried", () =>
    Effect.gen(function* () {
      const { call, publisher, reply } = yield* Engine.make({ retryBudget: 6 })
      for (let number = 1; number <= 2; number++) {
        yield* call({ timeout: 10 })
        publisher.acknowledge(number - 1)
      }
      yield* TestClock.adjust(10)
      yield* call({ operation: "Take" })
      reply(3, overloaded(1))
      const fiber = yield* call({ times, timeout: 10_000 })
      reply(4, overloaded(1))
      yield* TestClock.adjust(100)
      assert.strictEqual((yield* Engine.failureOf(fiber))._tag, "Rejected")
    })
  )

  it.effect("does not fail a call with a rejection while a later attempt may be executed", () =>
    Effect.gen(function* () {
      const { call, publisher, reply } = yield* Engine.make({ retryBudget: 4 })
      const fiber = yield* call({ times: { ...times, attemptMillis: 200 }, timeout: 1_000 })
      publisher.acknowledge(0)
      reply(1, overloaded(1))
      yield* TestClock.adjust(100)
      assert.strictEqual(publisher.offered.length, 2)
      publisher.acknowledge(1)
      // The budget is spent when the second attempt had no answer in its time.
      yield* TestClock.adjust(200)
      assert.strictEqual(publisher.offered.length, 2)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(700)
      const reason = yield* Engine.failureOf(fiber)
      assert.deepStrictEqual(reason._tag === "Timeout" ? reason.delivery : reason._tag, "acknowledged")
    })
  )

  it.effect("holds up a call without a rejection until it opens, or the deadline comes", () =>
    Effect.gen(function* () {
      const { call, counted, publisher, reply } = yield* Engine.make({ retryBudget: 1, retryBudgetRatio: 0.1 })
      const budgeted = { times: { ...times, attemptMillis: 100 }, timeout: 1_000 }
      const fibers = [yield* call(budgeted), yield* call(budgeted)]
      yield* TestClock.adjust(500)
      assert.deepStrictEqual([publisher.offered.length, counted()], [2, ["throttled", "throttled"]])
      for (let number = 3; number <= 12; number++) {
        yield* call({ timeout: 100 })
        reply(number)
        yield* TestClock.adjust(1)
      }
      yield* TestClock.adjust(100)
      assert.strictEqual(counted().filter((what) => what === "retried Get").length, 2)
      yield* TestClock.adjust(400)
      const reasons = yield* Effect.forEach(fibers, Engine.failureOf)
      assert.deepStrictEqual(
        reasons.map(({ _tag }) => _tag),
        ["Timeout", "Timeout"]
      )
    })
  )
})

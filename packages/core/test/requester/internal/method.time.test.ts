import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { CallDeadline } from "../../../src/contract/CallBudget.ts"
import { monotonicMillis } from "../../../src/host/MonotonicTime.ts"
import * as CallSettings from "../../../src/requester/CallSettings.ts"
import { RequestError } from "../../../src/requester/RequestError.ts"
import { method, type Middleware, reasonOf } from "../TestMethod.ts"

/** The timeout in the request, or why there is none. */
const timeoutOf = (asked: Duration.Input) =>
  Effect.suspend(() => {
    const { call, prepared, sent } = method("Get")
    return Effect.map(reasonOf(call({ sku: "a" }).pipe(CallSettings.withTimeout(asked))), (outcome) =>
      prepared.length === 0 ? outcome : sent().envelope.timeout
    )
  })

const later: Middleware = ({ next, request }) => Effect.delay(next(request), "3 seconds")

const unusable: ReadonlyArray<Duration.Input> = [
  0,
  -1,
  0.5,
  300_001,
  Number.POSITIVE_INFINITY,
  Number.NaN,
  "6 minutes",
  "soon" as Duration.Input
]

describe("a method's time", () => {
  it.effect("is between a millisecond and the longest allowed", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* timeoutOf("1 millis"), 1)
      assert.strictEqual(yield* timeoutOf("5 minutes"), 300_000)
      for (const asked of unusable) {
        assert.strictEqual(yield* timeoutOf(asked), "InvalidTimeout", String(asked))
      }
    })
  )

  it.effect("is the call's own, else the contract's, else the requester's", () =>
    Effect.gen(function* () {
      const payload = { at: DateTime.makeUnsafe(0), big: 1n }
      const odd = method("Odd")
      yield* reasonOf(odd.call(payload))
      assert.strictEqual(odd.sent().envelope.timeout, 2_000)
      const own = method("Odd")
      yield* reasonOf(own.call(payload).pipe(CallSettings.withTimeout("1 second")))
      assert.strictEqual(own.sent().envelope.timeout, 1_000)
      const get = method("Get", undefined, { timeout: "3 seconds" })
      yield* get.call({ sku: "a" })
      assert.strictEqual(get.sent().envelope.timeout, 3_000)
    })
  )

  it.effect("is read anew when another one is asked for", () =>
    Effect.gen(function* () {
      const { call, prepared } = method("Get")
      for (const timeout of ["1 second", "2 seconds", "1 second"] as const) {
        yield* call({ sku: "a" }).pipe(CallSettings.withTimeout(timeout))
      }
      assert.strictEqual(yield* reasonOf(call({ sku: "a" }).pipe(CallSettings.withTimeout("1 hour"))), "InvalidTimeout")
      yield* call({ sku: "a" })
      assert.deepStrictEqual(
        prepared.map(({ deadline, startedAt }) => deadline - startedAt),
        [1_000, 2_000, 1_000, 5_000]
      )
    })
  )

  it.effect("runs while middleware waits and tries again", () =>
    Effect.gen(function* () {
      const { call, sent } = method("Get", undefined, {}, [later])
      const fiber = yield* Effect.forkChild(call({ sku: "a" }), { startImmediately: true })
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(fiber)
      const { envelope, template } = sent()
      const left = template.deadline - monotonicMillis(yield* Clock.Clock)
      assert.deepStrictEqual([envelope.timeout, envelope.deadline - (yield* Clock.currentTimeMillis)], [left, left])
    })
  )

  it.effect("is never longer than that of the request being handled", () =>
    Effect.gen(function* () {
      const now = monotonicMillis(yield* Clock.Clock)
      const inside = (left: number) => Effect.provideService(CallDeadline, { at: now + left })
      const { call, sent } = method("Get")
      yield* inside(700)(call({ sku: "a" }))
      assert.strictEqual(sent().envelope.timeout, 700)
      const late = method("Get")
      const exit = yield* Effect.exit(inside(0)(late.call({ sku: "a" })))
      const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      if (!(error instanceof RequestError)) return assert.fail("no error of the call")
      assert.deepStrictEqual(
        [error.reason._tag, error.isCertainlyNotExecuted, late.prepared.length],
        ["BudgetExhausted", true, 0]
      )
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { nextAttemptAt, RetryBudget, timesOf } from "../../../src/requester/internal/retry.ts"
import { boolean, elementOf, int, maybe, oneOf } from "../../wire/arbitraries.ts"

const never = Number.POSITIVE_INFINITY
const times = { maxAttempts: 4, baseMillis: 100, maxMillis: 250, attemptMillis: never }

describe("the next attempt", () => {
  const input = Arbitrary.all({
    times: Arbitrary.map(Arbitrary.all([int(1, 6), int(1, 500), int(1, 2_000)]), ([maxAttempts, base, max]) => ({
      ...times,
      maxAttempts,
      baseMillis: base,
      maxMillis: max
    })),
    made: int(1, 7),
    now: int(0, 1_000),
    deadline: int(0, 6_000),
    jitter: elementOf([0.8, 0.9, 1, 1.2]),
    retryAfter: maybe(int(0, 3_000))
  })
  it.prop(
    "comes after the wait, before the deadline and not too often",
    [input],
    ([input]) => {
      const { deadline, jitter, made, now, retryAfter, times } = input
      const at = nextAttemptAt(input)
      const longest = Math.min(times.maxMillis, times.baseMillis * 2 ** (made - 1))
      const wait = retryAfter === undefined ? longest * jitter : retryAfter * (jitter + 0.2)
      if (made >= times.maxAttempts || now + wait >= deadline) return assert.strictEqual(at, never)
      assert.isBelow(at, deadline)
      assert.strictEqual(at, now + wait)
    },
    { arbitrary: { runs: 500 } }
  )

  it("doubles its wait up to the longest", () => {
    const waits = [1, 2, 3].map((made) =>
      nextAttemptAt({ times, made, now: 0, deadline: 10_000, jitter: 1, retryAfter: undefined })
    )
    assert.deepStrictEqual(waits, [100, 200, 250])
  })

  it("has the policy's times in milliseconds", () => {
    assert.deepStrictEqual(timesOf({ maxAttempts: 3, baseDelay: "1 second", maxDelay: "1 minute" }), {
      maxAttempts: 3,
      baseMillis: 1_000,
      maxMillis: 60_000,
      attemptMillis: never
    })
    const policy = { maxAttempts: 3, baseDelay: 1, maxDelay: 2, attemptTimeout: "250 millis" } as const
    assert.strictEqual(timesOf(policy).attemptMillis, 250)
  })
})

describe("RetryBudget", () => {
  it.prop(
    "is gRFC A6: a failure takes a token, a success gives a fraction back, half or less is closed",
    [int(1, 20), elementOf([0.1, 0.5, 1]), Arbitrary.array(boolean, { maxLength: 100 })],
    ([maxTokens, ratio, events]) => {
      const budget = new RetryBudget(maxTokens, ratio)
      let tokens = maxTokens
      assert.isTrue(budget.isOpen)
      for (const isFailure of events) {
        if (isFailure) budget.failed()
        else budget.succeeded()
        tokens = isFailure ? Math.max(0, tokens - 1) : Math.min(maxTokens, tokens + ratio)
        assert.strictEqual(budget.isOpen, tokens > maxTokens / 2)
      }
    }
  )

  it.prop(
    "lets at most half its tokens be spent while nothing succeeds, and opens again",
    [oneOf(int(1, 10), Arbitrary.Constant(100))],
    ([maxTokens]) => {
      const budget = new RetryBudget(maxTokens, 0.1)
      let retries = 0
      for (let i = 0; i < 1_000; i++) {
        if (!budget.isOpen) continue
        budget.failed()
        retries++
      }
      assert.strictEqual(retries, Math.ceil(maxTokens / 2))
      for (let i = 0; i < 12; i++) budget.succeeded()
      assert.isTrue(budget.isOpen)
    }
  )

  it("is off with no tokens", () => {
    const budget = new RetryBudget(0, 0.1)
    for (let i = 0; i < 100; i++) budget.failed()
    assert.isTrue(budget.isOpen)
  })
})

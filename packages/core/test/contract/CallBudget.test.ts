import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as TestClock from "effect/testing/TestClock"
import * as CallBudget from "../../src/contract/CallBudget.ts"
import { monotonicMillis } from "../../src/host/MonotonicTime.ts"

describe("CallBudget", () => {
  it.effect("is unlimited outside handlers", () =>
    Effect.gen(function* () {
      assert.isTrue(Option.isNone(yield* CallBudget.remaining))
    })
  )

  it.effect("shrinks with time, to zero and not below", () =>
    Effect.gen(function* () {
      const deadline = monotonicMillis(yield* Clock.Clock) + 1_000
      const left = CallBudget.remaining.pipe(
        Effect.map(Option.getOrThrow),
        Effect.map(Duration.toMillis),
        Effect.provideService(CallBudget.CallDeadline, { at: deadline })
      )
      assert.strictEqual(yield* left, 1_000)
      yield* TestClock.adjust(400)
      assert.strictEqual(yield* left, 600)
      yield* TestClock.adjust(5_000)
      assert.strictEqual(yield* left, 0)
    })
  )
})

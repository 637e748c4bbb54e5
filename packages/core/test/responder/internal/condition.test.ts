import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { Condition } from "../../../src/responder/internal/condition.ts"

const make = () => {
  let isMet = false
  const condition = new Condition(() => isMet)
  return {
    condition,
    set: (to: boolean): void => {
      isMet = to
      condition.changed()
    }
  }
}

describe("Condition", () => {
  it.effect("lets everybody go on who waits for it, each time it is met", () =>
    Effect.gen(function* () {
      const { condition, set } = make()
      for (let round = 0; round < 2; round++) {
        const waiting = yield* Effect.forEach([1, 2], () => Effect.forkChild(condition.met, { startImmediately: true }))
        condition.changed()
        yield* Effect.yieldNow
        assert.isTrue(waiting.every((fiber) => fiber.pollUnsafe() === undefined))
        set(true)
        yield* Fiber.joinAll(waiting)
        yield* condition.met
        set(false)
      }
    })
  )

  it.effect("is waited for no longer than is said", () =>
    Effect.gen(function* () {
      const { condition, set } = make()
      const within = (millis: number) => Effect.forkChild(condition.metWithin(millis), { startImmediately: true })
      const [short, long] = [yield* within(100), yield* within(200)]
      yield* TestClock.adjust(100)
      assert.isFalse(yield* Fiber.join(short))
      set(true)
      assert.isTrue(yield* Fiber.join(long))
      assert.isTrue(yield* condition.metWithin(0))
      set(false)
      assert.isFalse(yield* Fiber.join(yield* Effect.tap(within(-5), TestClock.adjust(0))))
    })
  )
})

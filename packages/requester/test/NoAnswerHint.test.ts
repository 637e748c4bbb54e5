import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as NoAnswerHint from "../src/NoAnswerHint.ts"

const saidIn = Effect.fnUntraced(function* (seconds: number) {
  const said: Array<string> = []
  const answer = Effect.as(Effect.sleep(`${seconds} seconds`), "answer").pipe(
    NoAnswerHint.withHint((text) => void said.push(text))
  )
  const fiber = yield* Effect.forkChild(answer)
  yield* TestClock.adjust("1 minute")
  assert.strictEqual(yield* Fiber.join(fiber), "answer")
  return said
})

describe("NoAnswerHint", () => {
  it.effect("is shown once, and not when the answer comes soon", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* saidIn(2), [])
      assert.deepStrictEqual(yield* saidIn(30), [NoAnswerHint.text])
    })
  )
})

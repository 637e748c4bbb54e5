import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import * as Engine from "../ScriptedCalls.ts"

describe("a call whose attempt has no answer", () => {
  it.effect("is not sent again to the partition for which it still waits to be written, unless it only reads", () =>
    Effect.gen(function* () {
      const { call, publisher } = yield* Engine.make()
      const hasty = { ...Engine.retryTimes, attemptMillis: 100 }
      yield* call({ operation: "Reserve", times: hasty, timeout: 10_000 })
      yield* TestClock.adjust(1_000)
      assert.strictEqual(publisher.offered.length, 1)
      publisher.acknowledge(0)
      yield* TestClock.adjust(100)
      assert.strictEqual(publisher.offered.length, 2)
      yield* call({ operation: "Get", times: hasty, timeout: 10_000 })
      yield* TestClock.adjust(100)
      assert.strictEqual(publisher.offered.length, 4)
    })
  )
})

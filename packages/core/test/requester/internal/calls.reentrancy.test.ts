import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as Engine from "../ScriptedCalls.ts"

describe("a call that ends while others are swept", () => {
  it.effect("is not sent again when the end of another one interrupts its caller", () =>
    Effect.gen(function* () {
      const { call, engine, exchange, publisher } = yield* Engine.make()
      const times = { ...Engine.retryTimes, attemptMillis: 100 }
      const retried = yield* call({ times, timeout: 1_000 })
      // Its deadline and the other one's retry are due in one sweep; its caller goes on within it.
      yield* exchange({ timeout: 100 }).pipe(
        Effect.catch(() => Effect.sync(() => retried.interruptUnsafe())),
        Effect.forkChild({ startImmediately: true })
      )
      yield* TestClock.adjust(100)
      yield* Fiber.await(retried)
      assert.strictEqual(engine.inFlight(), 0)
      // Callers are told when the sweep is through, so its attempt was offered; it is not written.
      assert.isTrue(publisher.offered.every(({ abandoned }) => abandoned))
    })
  )
})

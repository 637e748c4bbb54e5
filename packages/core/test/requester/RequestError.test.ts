import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import * as Clock from "effect/Clock"
import { advance, layerVirtual, until } from "../suites/requestReply/Harness.ts"
import { connect, newBench, serve } from "../suites/requestReply/programs.ts"
import { requestErrorOf } from "../suites/requestReply/failures.ts"
import * as MemoryTransport from "../../src/memory/MemoryTransport.ts"

/** The same clock, its wall time ahead. */
const ahead = (clock: Clock.Clock, by: Duration.Input): Clock.Clock => {
  const millis = Duration.toMillis(Duration.fromInputUnsafe(by))
  return Object.assign(Object.create(clock) as Clock.Clock, {
    currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + millis
  })
}

describe("RequestError", () => {
  it.effect("does not say of a handler that was interrupted by a clock ahead that it was not executed", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 day")
      const clock = yield* Clock.Clock
      const bench = newBench()
      let isRunning = false
      yield* serve(
        bench,
        {
          Work: () =>
            Effect.andThen(
              Effect.sync(() => (isRunning = true)),
              Effect.never
            )
        },
        { maxTimeout: "4 seconds" }
      ).pipe(Effect.provideService(Clock.Clock, ahead(clock, "2 seconds")))
      const { client } = yield* connect(bench)
      const call = yield* Effect.forkChild(requestErrorOf(client.Work({ id: "1" })), { startImmediately: true })
      yield* until("the handler runs", () => isRunning)
      yield* advance("4 seconds")
      const error = yield* Fiber.join(call)
      assert.strictEqual(error.reason._tag, "ClockSkew")
      assert.isFalse(error.isCertainlyNotExecuted)
    }).pipe(Effect.provide(Layer.merge(MemoryTransport.layer, layerVirtual)))
  )
})

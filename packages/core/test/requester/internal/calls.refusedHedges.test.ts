/**
 * Attempts side by side that the publisher gives up: which of them ends the call.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { because, QueueFull, Refused, TooLarge, Unavailable } from "../../../src/kafka/TransportError.ts"
import { Hedging } from "../../../src/requester/internal/hedging.ts"
import * as Engine from "../ScriptedCalls.ts"

const hedged = (): Engine.CallFields => ({
  times: { ...Engine.retryTimes, maxAttempts: 4 },
  timeout: 10_000,
  hedging: new Hedging({ delay: 100 })
})

const unavailable = because(new Unavailable({ code: "NOT_ENOUGH_REPLICAS", detail: "an injected fault" }))
const full = because(new QueueFull({ limit: 1 }))
const tooLarge = because(new TooLarge({ topic: "stock.requests", detail: "an injected fault" }))

describe("a hedged call", () => {
  it.effect("goes on when the publisher gives one attempt up for now, whichever it is", () =>
    Effect.gen(function* () {
      for (const error of [unavailable, full]) {
        for (const refused of [0, 1]) {
          const { call, counted, engine, publisher, refuse, reply } = yield* Engine.make()
          const fiber = yield* call({ ...hedged(), waitsForReady: false })
          yield* TestClock.adjust(100)
          publisher.handOver(1 - refused)
          yield* refuse(refused, error)
          assert.strictEqual(engine.inFlight(), 1)
          counted()
          reply(1, { attempt: 2 - refused })
          yield* Fiber.join(fiber)
        }
      }
    })
  )

  it.effect("fails when both are given up, as not sent", () =>
    Effect.gen(function* () {
      const { call, refuse } = yield* Engine.make()
      const fiber = yield* call({ ...hedged(), waitsForReady: false })
      yield* TestClock.adjust(100)
      yield* refuse(1, full)
      yield* refuse(0, full)
      assert.strictEqual((yield* Engine.failureOf(fiber))._tag, "NotSent")
    })
  )

  it.effect("fails at once when an attempt is refused for good and no other was written", () =>
    Effect.gen(function* () {
      const { call, refuse } = yield* Engine.make()
      const fiber = yield* call(hedged())
      yield* TestClock.adjust(100)
      yield* refuse(1, tooLarge)
      assert.strictEqual((yield* Engine.failureOf(fiber))._tag, "NotSent")
    })
  )

  it.effect("keeps the number of an attempt that is sent elsewhere while its hedge is dead", () =>
    Effect.gen(function* () {
      const { call, publisher, refuse, reply } = yield* Engine.make()
      const fiber = yield* call(hedged())
      yield* TestClock.adjust(100)
      yield* refuse(1, full)
      yield* refuse(0, unavailable)
      assert.strictEqual(publisher.offered.length, 3)
      reply(1, { attempt: 1 })
      assert.strictEqual((yield* Fiber.join(fiber)).envelope.attempt, 1)
    })
  )

  it.effect("ends when its hedge is dead and nothing is out", () =>
    Effect.gen(function* () {
      const { call, refuse } = yield* Engine.make()
      const fiber = yield* call(hedged())
      yield* TestClock.adjust(100)
      yield* refuse(1, full)
      yield* refuse(0, because(new Refused({ code: "POLICY_VIOLATION", detail: "an injected fault" })))
      assert.strictEqual((yield* Engine.failureOf(fiber))._tag, "NotSent")
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import type { RequestError } from "../../../src/requester/RequestError.ts"
import type { Reply } from "../../../src/requester/internal/call.ts"
import type { ReplyFields } from "../../../src/wire/ReplyEnvelope.ts"
import * as Engine from "../ScriptedCalls.ts"

const times = Engine.retryTimes

const overloaded = (attempt: number): Partial<ReplyFields> => ({ outcome: "rejected", status: "overloaded", attempt })

const errorOf = (fiber: Fiber.Fiber<Reply, RequestError>) => Effect.flip(Fiber.join(fiber))

describe("what is certain of a call with several attempts", () => {
  it.effect("a rejection says nothing of a later attempt that was written and had no answer", () =>
    Effect.gen(function* () {
      const { call, publisher, reply } = yield* Engine.make()
      const fiber = yield* call({ times, timeout: 150 })
      publisher.acknowledge(0)
      reply(1, overloaded(1))
      yield* TestClock.adjust(100)
      publisher.acknowledge(1)
      yield* TestClock.adjust(50)
      const error = yield* errorOf(fiber)
      assert.isFalse(error.isCertainlyNotExecuted)
      assert.deepStrictEqual(
        error.reason._tag === "Timeout" ? [error.reason.delivery, error.reason.attempts] : error.reason._tag,
        ["acknowledged", 2]
      )
    })
  )

  it.effect("nor of an earlier one", () =>
    Effect.gen(function* () {
      const { call, publisher, reply } = yield* Engine.make()
      const fiber = yield* call({ times: { ...times, maxAttempts: 2, attemptMillis: 100 }, timeout: 1_000 })
      publisher.acknowledge(0)
      yield* TestClock.adjust(100)
      publisher.acknowledge(1)
      reply(1, overloaded(2))
      const error = yield* errorOf(fiber)
      assert.strictEqual(error.reason._tag, "Rejected")
      assert.isFalse(error.isCertainlyNotExecuted)
    })
  )

  it.effect("a rejection is told when no later attempt was written, and is no certainty", () =>
    Effect.gen(function* () {
      const { call, publisher, reply } = yield* Engine.make()
      const fiber = yield* call({ times, timeout: 150 })
      publisher.acknowledge(0)
      reply(1, overloaded(1))
      yield* TestClock.adjust(100)
      assert.strictEqual(publisher.offered.length, 2)
      yield* TestClock.adjust(50)
      const error = yield* errorOf(fiber)
      assert.strictEqual(error.reason._tag, "Rejected")
      assert.isFalse(error.isCertainlyNotExecuted)
    })
  )
})

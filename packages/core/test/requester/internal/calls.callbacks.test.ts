import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as TestClock from "effect/testing/TestClock"
import { because, Refused } from "../../../src/kafka/TransportError.ts"
import { CallHistory } from "../../../src/requester/internal/callHistory.ts"
import * as CorrelationId from "../../../src/wire/CorrelationId.ts"
import * as Stock from "../../contract/stock.ts"
import * as Engine from "../ScriptedCalls.ts"
import { replyRecord, token } from "../fixtures.ts"

const onExit = (): never => {
  throw new Error("a callback that throws")
}

const lines: Array<string> = []
const logged = Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])

describe("P1/isolation: a caller whose callback throws", () => {
  it.effect("when its call times out stops no time: later calls end at their deadlines", () =>
    Effect.gen(function* () {
      const { call, engine, exchange } = yield* Engine.make()
      Effect.runCallback(exchange({ timeout: 200 }), { onExit })
      const beside = yield* call({ timeout: 200 })
      yield* TestClock.adjust(200)
      assert.strictEqual((yield* Engine.failureOf(beside))._tag, "Timeout")
      const later = yield* call({ timeout: 300 })
      yield* TestClock.adjust(300)
      assert.strictEqual((yield* Engine.failureOf(later))._tag, "Timeout")
      assert.strictEqual(engine.inFlight(), 0)
    })
  )

  it.effect("when its reply comes loses no other reply of the fetch", () =>
    Effect.gen(function* () {
      const { call, engine, exchange } = yield* Engine.make()
      Effect.runCallback(exchange(), { onExit })
      const second = yield* call()
      engine.onReplies([1, 2].map((number) => replyRecord(CorrelationId.make(token, number))))
      assert.strictEqual((yield* Fiber.join(second)).envelope.outcome, "success")
    })
  )

  it.effect("when its request is refused does not throw into the publisher", () =>
    Effect.gen(function* () {
      const { exchange, publisher, refuse } = yield* Engine.make()
      Effect.runCallback(exchange(), { onExit })
      let isRunning = false
      Effect.runCallback(exchange(), { onExit: () => (isRunning = true) })
      publisher.refuse(1, because(new Refused({ code: "POLICY_VIOLATION", detail: "" })))
      // No foreign code runs inside the publisher's loop.
      assert.isFalse(isRunning)
      yield* refuse(0, because(new Refused({ code: "POLICY_VIOLATION", detail: "" })))
      assert.isTrue(isRunning)
    })
  )

  it.effect("when its middleware ends does not throw into what ended it, and is heard of", () =>
    Effect.gen(function* () {
      lines.length = 0
      const { calls } = yield* Effect.provide(Engine.make(), logged)
      let end: ((outcome: Effect.Effect<string>) => void) | undefined
      const middleware = Effect.callback<string>((resume) => {
        end = resume
      })
      Effect.runCallback(calls.within(new CallHistory(Stock.operation("Get"), 0, 1_000), middleware), { onExit })
      end!(Effect.succeed("done"))
      yield* TestClock.adjust(0)
      assert.lengthOf(lines, 1)
      assert.match(lines[0]!, /the caller of Get threw: Error: a callback that throws/)
    })
  )

  it.effect("when the requester closes does not keep others waiting, and is heard of once", () =>
    Effect.gen(function* () {
      lines.length = 0
      const { call, close, exchange } = yield* Effect.provide(Engine.make(), logged)
      for (let i = 0; i < 3; i++) Effect.runCallback(exchange(), { onExit })
      const last = yield* call()
      yield* close
      assert.strictEqual((yield* Engine.failureOf(last))._tag, "Closed")
      assert.lengthOf(lines, 1)
      assert.match(lines[0]!, /the caller of Get threw: Error: a callback that throws/)
    })
  )
})

/**
 * Attempts side by side, over a publisher whose every step the test takes: which reply ends the call, and what becomes of the
 * others.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import type { HedgePolicy } from "../../../src/contract/Contract.ts"
import { because, Unavailable } from "../../../src/kafka/TransportError.ts"
import { Hedging } from "../../../src/requester/internal/hedging.ts"
import type { ReplyFields } from "../../../src/wire/ReplyEnvelope.ts"
import * as Engine from "../ScriptedCalls.ts"

const times = { ...Engine.retryTimes, maxAttempts: 4 }
const hedged = (policy: Partial<HedgePolicy> = {}, timeout = 10_000): Engine.CallFields => ({
  times,
  timeout,
  hedging: new Hedging({ delay: 100, ...policy }),
  isCancelled: true
})

const overloaded = (attempt: number, fields: Partial<ReplyFields> = {}): Partial<ReplyFields> => ({
  outcome: "rejected",
  status: "overloaded",
  attempt,
  ...fields
})

const unavailable = because(new Unavailable({ code: "NOT_ENOUGH_REPLICAS", detail: "an injected fault" }))

/** A call with a hedge beside its first attempt, both written. */
const both = Effect.fnUntraced(function* (fields: Engine.CallFields = hedged()) {
  const made = yield* Engine.make()
  const fiber = yield* made.call(fields)
  made.publisher.handOver(0)
  made.publisher.acknowledge(0)
  yield* TestClock.adjust(100)
  made.publisher.handOver(1)
  made.publisher.acknowledge(1)
  made.counted()
  return { ...made, fiber }
})

describe("a hedged call", () => {
  it.effect("has a second attempt on another partition after the delay, and not before", () =>
    Effect.gen(function* () {
      const { call, counted, publisher } = yield* Engine.make()
      yield* call(hedged())
      yield* TestClock.adjust(99)
      assert.strictEqual(publisher.offered.length, 1)
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(
        publisher.offered.map(({ partition }) => partition),
        [0, 1]
      )
      yield* TestClock.adjust(5_000)
      assert.strictEqual(publisher.offered.length, 2)
      assert.deepStrictEqual(counted(), ["hedged Get"])
    })
  )

  it.effect("has none when it was answered before", () =>
    Effect.gen(function* () {
      const { call, counted, publisher, reply } = yield* Engine.make()
      const fiber = yield* call(hedged())
      yield* TestClock.adjust(99)
      reply(1)
      yield* Fiber.join(fiber)
      yield* TestClock.adjust(500)
      assert.strictEqual(publisher.offered.length, 1)
      assert.deepStrictEqual(counted(), ["ended Get success"])
    })
  )

  it.effect("has as many attempts as its policy allows, each after the delay", () =>
    Effect.gen(function* () {
      const { call, publisher } = yield* Engine.make()
      yield* call(hedged({ maxAttempts: 3 }))
      for (const attempts of [2, 3, 3]) {
        yield* TestClock.adjust(100)
        assert.strictEqual(publisher.offered.length, attempts)
      }
    })
  )

  it.effect("is ended by the hedge, whose loser is cancelled and whose other reply is late", () =>
    Effect.gen(function* () {
      const { cancelled, counted, fiber, reply } = yield* both()
      reply(1, { attempt: 2 })
      assert.strictEqual((yield* Fiber.join(fiber)).envelope.attempt, 2)
      assert.deepStrictEqual(cancelled, ["1"])
      reply(1, { attempt: 1 })
      assert.deepStrictEqual(counted(), ["hedge won Get", "ended Get success", "ignored late"])
    })
  )

  it.effect("is ended by the first attempt, whose hedge is cancelled", () =>
    Effect.gen(function* () {
      const { cancelled, counted, fiber, reply } = yield* both()
      reply(1, { attempt: 1 })
      yield* Fiber.join(fiber)
      assert.deepStrictEqual([cancelled, counted()], [["1"], ["ended Get success"]])
    })
  )

  it.effect("cancels nothing that was not written, and does not send it", () =>
    Effect.gen(function* () {
      const { call, cancelled, publisher, reply } = yield* Engine.make()
      const fiber = yield* call(hedged())
      publisher.acknowledge(0)
      yield* TestClock.adjust(100)
      reply(1)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual([cancelled, publisher.offered[1]!.abandoned], [[], true])
    })
  )

  it.effect("goes on when one attempt is rejected for now, and ends when it is for good", () =>
    Effect.gen(function* () {
      for (const rejected of [1, 2]) {
        const { cancelled, engine, fiber, publisher, reply } = yield* both()
        reply(1, overloaded(rejected))
        yield* TestClock.adjust(1_000)
        assert.deepStrictEqual([engine.inFlight(), publisher.offered.length], [1, 2])
        reply(1, { attempt: 3 - rejected })
        yield* Fiber.join(fiber)
        // Nothing is left that could be at work.
        assert.deepStrictEqual(cancelled, [])
      }
      const { cancelled, fiber, reply } = yield* both()
      reply(1, { outcome: "rejected", status: "invalid", attempt: 1 })
      assert.strictEqual((yield* Engine.failureOf(fiber))._tag, "Rejected")
      assert.deepStrictEqual(cancelled, ["1"])
    })
  )

  it.effect("is retried when all its attempts were rejected, and a rejection that comes twice counts once", () =>
    Effect.gen(function* () {
      const { counted, fiber, publisher, reply } = yield* both()
      reply(1, overloaded(1))
      reply(1, overloaded(1))
      assert.deepStrictEqual(counted(), ["ignored stale"])
      reply(1, overloaded(2))
      yield* TestClock.adjust(200)
      assert.strictEqual(publisher.offered.length, 3)
      reply(1, { attempt: 3 })
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(counted(), ["retried Get", "ended Get success"])
    })
  )

  it.effect(
    "waits as long as the responder asks for, and no hedge comes before, when its only attempt was rejected",
    () =>
      Effect.gen(function* () {
        const { call, publisher, reply } = yield* Engine.make()
        yield* call(hedged())
        reply(1, overloaded(1, { retryAfter: 700 }))
        yield* TestClock.adjust(699)
        assert.strictEqual(publisher.offered.length, 1)
        yield* TestClock.adjust(282)
        assert.strictEqual(publisher.offered.length, 2)
      })
  )

  it.effect("ends at its deadline, with what is true of all its attempts", () =>
    Effect.gen(function* () {
      const { call, counted, publisher } = yield* Engine.make()
      const fiber = yield* call(hedged({}, 150))
      publisher.handOver(0)
      publisher.acknowledge(0)
      yield* TestClock.adjust(150)
      const reason = yield* Engine.failureOf(fiber)
      assert.deepStrictEqual(reason._tag === "Timeout" ? [reason.delivery, reason.attempts] : reason._tag, [
        "acknowledged",
        2
      ])
      assert.deepStrictEqual(counted(), ["hedged Get", "ended Get Timeout"])
    })
  )

  it.effect("is not hedged past its deadline", () =>
    Effect.gen(function* () {
      const { call, publisher } = yield* Engine.make()
      yield* call(hedged({}, 100))
      yield* TestClock.adjust(500)
      assert.strictEqual(publisher.offered.length, 1)
    })
  )

  it.effect("cancels all its attempts at once when its caller is interrupted", () =>
    Effect.gen(function* () {
      const { cancelled, fiber } = yield* both()
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(cancelled, ["1"])
    })
  )

  it.effect("is not hedged when its operation's budget is spent, nor when retries are throttled", () =>
    Effect.gen(function* () {
      const { call, counted, publisher } = yield* Engine.make({ retryBudget: 2 })
      const fields = hedged()
      for (let index = 0; index < 10; index++) yield* call(fields)
      yield* TestClock.adjust(100)
      assert.strictEqual(publisher.offered.length, 15)
      assert.strictEqual(counted().filter((what) => what === "hedge throttled").length, 5)
      // A call whose time was up takes a token of the retry budget.
      yield* call({ timeout: 5 })
      publisher.handOver(15)
      yield* TestClock.adjust(5)
      counted()
      yield* call(hedged())
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(counted(), ["hedge throttled"])
    })
  )

  it.effect("has no hedge while replies cannot be heard", () =>
    Effect.gen(function* () {
      const { call, calls, hear, publisher } = yield* Engine.make()
      yield* call(hedged())
      calls.hold(unavailable)
      yield* TestClock.adjust(100)
      hear()
      yield* TestClock.adjust(500)
      assert.strictEqual(publisher.offered.length, 1)
    })
  )

  it.effect("counts what its first attempt took at least, not what its hedge took", () =>
    Effect.gen(function* () {
      const { call, publisher, reply } = yield* Engine.make()
      const hedging = new Hedging({ delay: { percentile: 90, max: 100 } })
      for (let index = 0; index < 31; index++) hedging.answered(10)
      const fiber = yield* call({ times, timeout: 10_000, hedging })
      yield* TestClock.adjust(100)
      assert.strictEqual(publisher.offered.length, 2)
      reply(1, { attempt: 2 })
      yield* Fiber.join(fiber)
      // One in 32 took longer; that is below the percentile.
      assert.approximately(hedging.delayMillis, 10.5, 0.6)
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { because, NoAnswer, NotAuthorized, TransportClosed, Unreachable } from "../../../src/kafka/TransportError.ts"
import * as CorrelationId from "../../../src/wire/CorrelationId.ts"
import { anyHeaders, bytes, oneOf } from "../../wire/arbitraries.ts"
import * as Engine from "../ScriptedCalls.ts"
import { replyRecord, token } from "../fixtures.ts"

const unreachable = because(new Unreachable({ brokers: ["a:1"], detail: "refused" }))
const noAnswer = because(new NoAnswer({ detail: "timeout" }))
const notAuthorized = because(new NotAuthorized({ code: "TOPIC_AUTHORIZATION_FAILED", detail: "" }))
const closed = because(new TransportClosed({}))

describe("a call", () => {
  it.effect("ends with its reply, also when that comes before the word that the request was written", () =>
    Effect.gen(function* () {
      const { call, counted, engine, publisher, reply, refuse } = yield* Engine.make()
      const fiber = yield* call()
      assert.strictEqual(engine.inFlight(), 1)
      reply(1, {}, { left: 3 })
      const answer = yield* Fiber.join(fiber)
      assert.strictEqual(Buffer.from(answer.record.value!).toString(), `{"left":3}`)
      publisher.acknowledge(0)
      yield* refuse(0, closed)
      assert.deepStrictEqual([engine.inFlight(), counted()], [0, ["ended Get success"]])
    })
  )

  it.effect("is offered once it is in the table, with its own correlation id", () =>
    Effect.gen(function* () {
      const { call, publisher, reply } = yield* Engine.make()
      const [first, second] = [yield* call(), yield* call()]
      assert.strictEqual(publisher.offered.length, 2)
      reply(2, { outcome: "failure" })
      reply(1, { outcome: "defect" })
      assert.strictEqual((yield* Fiber.join(first)).envelope.outcome, "defect")
      assert.strictEqual((yield* Fiber.join(second)).envelope.outcome, "failure")
    })
  )

  it.effect("times out at its deadline and says how far the request is known to have come", () =>
    Effect.gen(function* () {
      const { call, engine, publisher, refuse } = yield* Engine.make()
      const fibers = [yield* call(), yield* call(), yield* call(), yield* call()]
      publisher.handOver(1)
      publisher.acknowledge(2)
      yield* refuse(3, unreachable)
      yield* TestClock.adjust(999)
      assert.strictEqual(engine.inFlight(), 4)
      yield* TestClock.adjust(1)
      assert.strictEqual(engine.inFlight(), 0)
      const reasons = yield* Effect.forEach(fibers, Engine.failureOf)
      assert.deepStrictEqual(
        reasons.map((reason) => (reason._tag === "Timeout" ? reason.delivery : reason._tag)),
        ["not-sent", "unknown", "acknowledged", "not-sent"]
      )
      const last = reasons[3]!
      assert.strictEqual(last.cause, unreachable)
      assert.include(last.message, "a:1")
      assert.deepStrictEqual(last._tag === "Timeout" ? [last.timeoutMillis, last.attempts] : [], [1_000, 1])
      assert.isTrue(publisher.offered.every(({ abandoned }) => abandoned))
    })
  )

  it.effect("hears a reply that is waiting in the socket when the process wakes late", () =>
    Effect.gen(function* () {
      const { call, eventLoop, reply, stall } = yield* Engine.make()
      const fiber = yield* call({ timeout: 1_000 })
      yield* Effect.yieldNow
      stall(500)
      yield* TestClock.adjust(1_000)
      assert.strictEqual(eventLoop.waiting(), 1)
      reply(1)
      yield* eventLoop.turn
      assert.strictEqual((yield* Fiber.join(fiber)).envelope.outcome, "success")
    })
  )

  it.effect("fails at once when its request is refused for good, and not while it may work later", () =>
    Effect.gen(function* () {
      const { call, engine, refuse } = yield* Engine.make()
      const key = "a"
      const fibers = [
        yield* call({ key }),
        yield* call({ key }),
        yield* call({ key, waitsForReady: false }),
        yield* call({ key })
      ]
      yield* refuse(0, notAuthorized)
      yield* refuse(1, unreachable)
      yield* refuse(2, unreachable)
      yield* refuse(3, closed)
      assert.strictEqual(engine.inFlight(), 1)
      const [refused, , impatient, last] = fibers
      const reasons = yield* Effect.forEach([refused!, impatient!, last!], Engine.failureOf)
      assert.deepStrictEqual(
        reasons.map((reason) => (reason._tag === "NotSent" ? [reason._tag, reason.cause] : [reason._tag])),
        [["NotSent", notAuthorized], ["NotSent", unreachable], ["Closed"]]
      )
    })
  )

  it.effect("goes on waiting when its request may have been written all the same", () =>
    Effect.gen(function* () {
      const { call, publisher, reply, refuse } = yield* Engine.make()
      const fiber = yield* call({ waitsForReady: false })
      publisher.handOver(0)
      yield* refuse(0, noAnswer)
      reply(1)
      assert.strictEqual((yield* Fiber.join(fiber)).envelope.outcome, "success")
    })
  )

  it.effect("is refused when too many wait, and when too many bytes do", () =>
    Effect.gen(function* () {
      const { call, counted, exchange, publisher, reply } = yield* Engine.make({
        maxInFlight: 2,
        maxInFlightBytes: 100
      })
      yield* call({ payloadBytes: 60 })
      const bytes = Engine.reasonOf(yield* Effect.exit(exchange({ payloadBytes: 41 })))
      assert.deepStrictEqual(bytes._tag === "Overloaded" ? [bytes.limit, bytes.value] : [], ["maxInFlightBytes", 100])
      yield* call({ payloadBytes: 40 })
      const count = Engine.reasonOf(yield* Effect.exit(exchange({ payloadBytes: 0 })))
      assert.deepStrictEqual(count._tag === "Overloaded" ? [count.limit, count.value] : [], ["maxInFlight", 2])
      assert.strictEqual(publisher.offered.length, 2)
      reply(1)
      yield* call({ payloadBytes: 60 })
      assert.deepStrictEqual(counted(), ["refused Get Overloaded", "refused Get Overloaded", "ended Get success"])
    })
  )

  it.effect("leaves nothing behind when its caller is interrupted, and is cancelled if it may have been written", () =>
    Effect.gen(function* () {
      const { call, cancelled, counted, engine, publisher, reply } = yield* Engine.make()
      const [queued, sent] = [yield* call({ isCancelled: true }), yield* call({ isCancelled: true })]
      publisher.handOver(1)
      yield* Fiber.interrupt(queued)
      yield* Fiber.interrupt(sent)
      assert.deepStrictEqual([engine.inFlight(), cancelled], [0, ["2"]])
      assert.isTrue(publisher.offered.every(({ abandoned }) => abandoned))
      counted()
      reply(2)
      assert.deepStrictEqual(counted(), ["ignored late"])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(counted(), [])
    })
  )

  it.effect("that was interrupted before it began is not registered", () =>
    Effect.gen(function* () {
      const { engine, exchange, publisher } = yield* Engine.make()
      const fiber = yield* Effect.forkChild(exchange())
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual([engine.inFlight(), publisher.offered.length], [0, 0])
    })
  )
})

describe("replies that reach no call", () => {
  it.effect("are counted by what they are", () =>
    Effect.gen(function* () {
      const { call, counted, engine, reply } = yield* Engine.make()
      const answered = yield* call()
      reply(1)
      yield* Fiber.join(answered)
      const expired = yield* call({ timeout: 10 })
      yield* TestClock.adjust(10)
      yield* Fiber.await(expired)
      yield* call()
      counted()
      reply(1)
      reply(2)
      reply(4)
      reply(9_007_199_254_740_991)
      const foreignToken = Uint8Array.from(token).fill(9)
      engine.onReplies([
        replyRecord(CorrelationId.make(foreignToken, 3)),
        replyRecord(Buffer.from("3")),
        { ...replyRecord(CorrelationId.make(token, 3)), headers: [] },
        {
          ...replyRecord(CorrelationId.make(token, 3)),
          headers: [
            ["kafka_correlationId", CorrelationId.make(token, 3)],
            ["rr", Buffer.from("v=2")]
          ]
        }
      ])
      assert.deepStrictEqual(
        counted(),
        ["duplicate", "late", "forged", "forged", "foreign", "foreign", "foreign"]
          .concat("malformed")
          .map((kind) => `ignored ${kind}`)
      )
      assert.strictEqual(engine.inFlight(), 1)
    })
  )

  it.effect.prop(
    "do no harm, whatever they are",
    [
      Arbitrary.array(
        oneOf(
          anyHeaders,
          Arbitrary.map(bytes(0, 24), (id) => [["kafka_correlationId", id] as const])
        )
      ),
      bytes(0, 20)
    ],
    ([headers, value]) =>
      Effect.gen(function* () {
        const { call, counted, engine } = yield* Engine.make()
        yield* call()
        counted()
        engine.onReplies(headers.map((headers) => ({ ...replyRecord(token), headers, value })))
        assert.strictEqual(engine.inFlight(), 1)
        assert.strictEqual(counted().length, headers.length)
      }).pipe(Effect.scoped)
  )
})

describe("closing the engine", () => {
  it.effect("refuses new calls and waits for those in flight", () =>
    Effect.gen(function* () {
      const { call, close, exchange, reply } = yield* Engine.make({ drainTimeout: "25 seconds" })
      const fiber = yield* call()
      const closing = yield* Effect.forkChild(close, { startImmediately: true })
      const refused = Engine.reasonOf(yield* Effect.exit(exchange()))
      assert.deepStrictEqual(refused._tag === "Closed" ? refused.delivery : refused._tag, "not-sent")
      assert.isUndefined(closing.pollUnsafe())
      reply(1)
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(fiber)))
      yield* Fiber.join(closing)
    })
  )

  it.effect("fails what is still in flight when the drain is over, and says how far it came", () =>
    Effect.gen(function* () {
      const { call, close, engine, publisher } = yield* Engine.make({ drainTimeout: "2 seconds" })
      const fibers = [yield* call({ timeout: 60_000 }), yield* call({ timeout: 60_000 }), yield* call({ timeout: 500 })]
      publisher.acknowledge(1)
      const closing = yield* Effect.forkChild(close, { startImmediately: true })
      yield* TestClock.adjust(1_999)
      assert.deepStrictEqual([engine.inFlight(), closing.pollUnsafe()], [2, undefined])
      yield* TestClock.adjust(1)
      yield* Fiber.join(closing)
      const reasons = yield* Effect.forEach(fibers, Engine.failureOf)
      assert.deepStrictEqual(
        reasons.map((reason) => (reason._tag === "Closed" ? reason.delivery : reason._tag)),
        ["not-sent", "acknowledged", "Timeout"]
      )
      assert.strictEqual(engine.inFlight(), 0)
    })
  )

  it.effect("takes no time when nothing is in flight", () =>
    Effect.gen(function* () {
      const { close } = yield* Engine.make()
      yield* close
    })
  )
})

describe("losing the reply address", () => {
  it.effect("fails what is in flight and refuses calls until there is one again", () =>
    Effect.gen(function* () {
      const { call, engine, hear, exchange, publisher, reply } = yield* Engine.make()
      const fiber = yield* call()
      publisher.acknowledge(0)
      engine.onReplyAddressLost(unreachable)
      const lost = yield* Engine.failureOf(fiber)
      assert.deepStrictEqual(lost._tag === "ReplyAddressLost" ? [lost.delivery, lost.cause] : lost._tag, [
        "acknowledged",
        unreachable
      ])
      const refused = Engine.reasonOf(yield* Effect.exit(exchange()))
      assert.deepStrictEqual(refused._tag === "ReplyAddressLost" ? [refused.delivery, refused.cause] : refused._tag, [
        "not-sent",
        unreachable
      ])
      hear()
      const again = yield* call()
      reply(2)
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(again)))
    })
  )
})

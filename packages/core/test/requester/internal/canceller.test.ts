import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { monotonicMillis } from "../../../src/host/MonotonicTime.ts"
import * as Canceller from "../../../src/requester/internal/canceller.ts"
import { because, Unreachable } from "../../../src/kafka/TransportError.ts"
import * as CorrelationId from "../../../src/wire/CorrelationId.ts"
import * as RequestEnvelope from "../../../src/wire/RequestEnvelope.ts"
import { recorderInto, ScriptedPublisher } from "../ScriptedCalls.ts"
import { token } from "../fixtures.ts"

const cancellation = (number: number, deadline = 1_000): Canceller.Cancellation => ({
  operation: "Get",
  correlationId: CorrelationId.make(token, number),
  deadline
})

const start = Effect.fnUntraced(function* (partitions: number, closeMillis = 1_000) {
  const publisher = new ScriptedPublisher()
  const log: Array<string> = []
  const scope = yield* Scope.fork(yield* Effect.scope)
  const clock = yield* Clock.Clock
  const canceller = yield* Canceller.make(
    {
      size: { topic: "stock.control", partitions: () => partitions, learn: () => {} },
      closesAt: () => monotonicMillis(clock) + closeMillis
    },
    publisher,
    recorderInto(log)
  ).pipe(Scope.provide(scope))
  return { canceller, log, publisher, close: Scope.close(scope, Exit.void) }
})

const unreachable = because(new Unreachable({ brokers: [], detail: "" }))

describe("a cancel", () => {
  it.effect("goes to every partition of the control topic, until the call's deadline, whatever becomes of it", () =>
    Effect.gen(function* () {
      const { canceller, log, publisher } = yield* start(3)
      const call = cancellation(7, 1_234)
      canceller.cancel(call)
      assert.deepStrictEqual(
        publisher.offered.map(({ deadline, partition, topic }) => [topic, partition, deadline]),
        [0, 1, 2].map((partition) => ["stock.control", partition, 1_234])
      )
      for (const { headers } of publisher.offered) {
        const { correlationId, operation } = { correlationId: call.correlationId, operation: "Get" }
        assert.deepStrictEqual(Result.getOrThrow(RequestEnvelope.decode(headers)), {
          kind: "cancel",
          operation,
          correlationId
        })
      }
      publisher.acknowledge(0)
      publisher.refuse(1, unreachable)
      publisher.acknowledge(2)
      assert.deepStrictEqual(log, ["cancelled"])
    })
  )

  it.effect("is written before closing ends: a program that is interrupted closes at once", () =>
    Effect.gen(function* () {
      const { canceller, close, publisher } = yield* start(2)
      canceller.cancel(cancellation(1))
      const closing = yield* Effect.forkChild(close, { startImmediately: true })
      publisher.acknowledge(0)
      yield* Effect.yieldNow
      assert.isUndefined(closing.pollUnsafe())
      publisher.refuse(1, unreachable)
      yield* Effect.yieldNow
      assert.isDefined(closing.pollUnsafe())
    })
  )

  it.effect("that cannot be written holds up closing for a moment only, and none holds up nothing", () =>
    Effect.gen(function* () {
      const idle = yield* start(1)
      yield* idle.close
      const { canceller, close } = yield* start(1, 300)
      canceller.cancel(cancellation(1))
      const closing = yield* Effect.forkChild(close, { startImmediately: true })
      yield* TestClock.adjust(299)
      assert.isUndefined(closing.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.isDefined(closing.pollUnsafe())
    })
  )

  it.effect("is not made while too many wait to be written", () =>
    Effect.gen(function* () {
      const { canceller, log, publisher } = yield* start(2, 0)
      for (let number = 1; number <= 10_000; number++) canceller.cancel(cancellation(number))
      assert.strictEqual(publisher.offered.length, 10_000)
      publisher.acknowledge(0)
      publisher.refuse(1, unreachable)
      canceller.cancel(cancellation(10_001))
      canceller.cancel(cancellation(10_002))
      assert.strictEqual(publisher.offered.length, 10_002)
      assert.strictEqual(log.length, 5_001)
    })
  )
})

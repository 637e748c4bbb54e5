import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as TestClock from "effect/testing/TestClock"
import { type Operation, operationsOf } from "../../../src/contract/Operation.ts"
import { because, Refused } from "../../../src/kafka/TransportError.ts"
import * as CallSettings from "../../../src/requester/CallSettings.ts"
import * as Method from "../../../src/requester/internal/method.ts"
import { defaults, type Options } from "../../../src/requester/Options.ts"
import { RequestError } from "../../../src/requester/RequestError.ts"
import * as Stock from "../../contract/stock.ts"
import * as Engine from "../ScriptedCalls.ts"
import { route } from "../fixtures.ts"
import type { Middleware } from "../TestMethod.ts"

const Late = Schema.String.pipe(
  Schema.decodeTo(
    Schema.String,
    SchemaTransformation.transformEffect({
      decode: (text: string) => Effect.succeed(text),
      encode: (text: string) => Effect.delay(Effect.succeed(text), "4 seconds")
    })
  )
)
const Slow = RpcGroup.make(Rpc.make("Slow", { payload: { text: Late } }))

/** A method over the calls of a requester whose publisher the test drives, with a timeout of a second. */
const made = Effect.fnUntraced(function* (
  middlewares: ReadonlyArray<Middleware>,
  operation: Operation = Stock.operation("Take"),
  options: Partial<Options> = {}
) {
  const engine = yield* Engine.make(options)
  const method = Method.make(operation, middlewares, {
    calls: engine.calls,
    route: route(),
    options: { ...defaults, ...options },
    recorder: Engine.recorderInto([]),
    maxTimeoutMillis: 300_000
  })
  const call = (payload: unknown = { sku: "a" }) =>
    Effect.forkChild((method(payload) as Effect.Effect<unknown, unknown>).pipe(CallSettings.withTimeout("1 second")), {
      startImmediately: true
    })
  return { ...engine, call }
})

const errorOf = (fiber: Fiber.Fiber<unknown, unknown>): RequestError => {
  const exit = fiber.pollUnsafe()
  const error = exit === undefined ? undefined : Exit.findErrorOption(exit)
  if (error?._tag !== "Some" || !(error.value instanceof RequestError)) return assert.fail(`not failed: ${exit?._tag}`)
  return error.value
}

const nothingSent = (fiber: Fiber.Fiber<unknown, unknown>): void => {
  const error = errorOf(fiber)
  if (error.reason._tag !== "Timeout") return assert.fail(error.reason._tag)
  assert.deepStrictEqual([error.reason.delivery, error.reason.timeoutMillis], ["not-sent", 1_000])
  assert.isTrue(error.isCertainlyNotExecuted)
}

const refused = because(new Refused({ code: "POLICY_VIOLATION", detail: "" }))

const fallback: Middleware = ({ next, request }) => Effect.catch(next(request), () => Effect.succeed(0 as never))

const twice: Middleware = ({ next, request }) => Effect.andThen(Effect.exit(next(request)), next(request))

const impatient: Middleware = ({ next, request }) =>
  Effect.timeoutOrElse(next(request), { duration: "300 millis", orElse: () => next(request) })

const again: Middleware = ({ next, request }) => Effect.retry(Effect.delay(next(request), "400 millis"), { times: 1 })

describe("P8/whole call: the deadline", () => {
  it.effect("ends a call whose middleware never ends, and interrupts it", () =>
    Effect.gen(function* () {
      let isInterrupted = false
      const hangs: Middleware = () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => (isInterrupted = true)))
      const { call, publisher } = yield* made([hangs])
      const fiber = yield* call()
      yield* TestClock.adjust(999)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      nothingSent(fiber)
      assert.deepStrictEqual([isInterrupted, publisher.offered.length], [true, 0])
    })
  )

  it.effect("ends it even when the middleware cannot be interrupted", () =>
    Effect.gen(function* () {
      const { call } = yield* made([() => Effect.uninterruptible(Effect.never)])
      const fiber = yield* call()
      yield* TestClock.adjust(1_000)
      nothingSent(fiber)
    })
  )

  it.effect("ends a call whose payload takes longer to encode", () =>
    Effect.gen(function* () {
      const { call, publisher } = yield* made([], operationsOf(Slow)[0]!)
      const fiber = yield* call({ text: "a" })
      yield* TestClock.adjust(1_000)
      nothingSent(fiber)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(publisher.offered.length, 0)
    })
  )

  it.effect("is one for all requests that middleware makes: the second has what is left", () =>
    Effect.gen(function* () {
      const { call, publisher, reply } = yield* made([again])
      const fiber = yield* call()
      yield* TestClock.adjust(400)
      reply(1, { outcome: "rejected", status: "overloaded" })
      yield* TestClock.adjust(400)
      assert.strictEqual(publisher.offered.length, 2)
      assert.strictEqual(publisher.offered[0]!.deadline, publisher.offered[1]!.deadline)
      yield* TestClock.adjust(200)
      assert.strictEqual(errorOf(fiber).reason._tag, "Timeout")
    })
  )

  it.effect("lets middleware answer for an exchange that timed out", () =>
    Effect.gen(function* () {
      const { call } = yield* made([fallback])
      const fiber = yield* call()
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(fiber.pollUnsafe(), Exit.succeed(0))
    })
  )

  it.effect("bounds how many such calls there are, and none outlives the requester", () =>
    Effect.gen(function* () {
      const { call, close } = yield* made([() => Effect.never], Stock.operation("Take"), { maxInFlight: 1 })
      const [first, second] = [yield* call(), yield* call()]
      assert.strictEqual(errorOf(second).reason._tag, "Overloaded")
      yield* close
      assert.strictEqual(errorOf(first).reason._tag, "Closed")
    })
  )
})

describe("P4/whole call: what is certain", () => {
  it.effect("is not told of a call whose first request may have been executed", () =>
    Effect.gen(function* () {
      const { call, publisher, refuse, reply } = yield* made([twice])
      const fiber = yield* call()
      publisher.acknowledge(0)
      reply(1, {}, 1)
      yield* refuse(1, refused)
      const error = errorOf(fiber)
      assert.deepStrictEqual([error.reason._tag, error.earlierDelivery], ["NotSent", "acknowledged"])
      assert.isFalse(error.isCertainlyNotExecuted)
      assert.isFalse(error.isSafeToRetry)
      assert.include(error.message, "earlier")
    })
  )

  it.effect("is told when none of its requests was written", () =>
    Effect.gen(function* () {
      const { call, refuse } = yield* made([twice])
      const fiber = yield* call()
      yield* refuse(0, refused)
      yield* refuse(1, refused)
      const error = errorOf(fiber)
      assert.deepStrictEqual([error.reason._tag, error.earlierDelivery], ["NotSent", undefined])
      assert.isTrue(error.isCertainlyNotExecuted)
    })
  )

  it.effect("counts a request that middleware gave up by itself", () =>
    Effect.gen(function* () {
      const { call, publisher, refuse } = yield* made([impatient])
      const fiber = yield* call()
      publisher.acknowledge(0)
      yield* TestClock.adjust(300)
      yield* refuse(1, refused)
      assert.isFalse(errorOf(fiber).isCertainlyNotExecuted)
    })
  )
})

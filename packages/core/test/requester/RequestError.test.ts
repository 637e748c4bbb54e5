import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import * as Clock from "effect/Clock"
import { advance, layerVirtual, until } from "../suites/requestReply/Harness.ts"
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import { elementOf } from "../wire/arbitraries.ts"
import { Reason, RequestError } from "../../src/requester/RequestError.ts"
import { passing, reasons } from "./reasons.ts"
import { connect, newContract, serve } from "../suites/requestReply/programs.ts"
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
      const contract = newContract()
      let isRunning = false
      yield* serve(
        contract,
        {
          Work: () =>
            Effect.andThen(
              Effect.sync(() => (isRunning = true)),
              Effect.never
            )
        },
        { maxTimeout: "4 seconds" }
      ).pipe(Effect.provideService(Clock.Clock, ahead(clock, "2 seconds")))
      const { client } = yield* connect(contract)
      const call = yield* Effect.forkChild(requestErrorOf(client.Work({ id: "1" })), { startImmediately: true })
      yield* until("the handler runs", () => isRunning)
      yield* advance("4 seconds")
      const error = yield* Fiber.join(call)
      assert.strictEqual(error.reason._tag, "ClockSkew")
      assert.isFalse(error.isCertainlyNotExecuted)
    }).pipe(Effect.provide(Layer.merge(MemoryTransport.layer, layerVirtual)))
  )

  const any = Arbitrary.all({ reason: elementOf(reasons), mayRunTwice: elementOf([true, false]) })

  it("has an example of every reason here", () => {
    const known = Reason.members.map((member) => member.identifier.split("/").at(-1))
    assert.deepStrictEqual([...new Set(reasons.map(({ _tag }) => _tag))].toSorted(), known.toSorted())
  })

  it.prop("P4/retry: is safe to retry when it can help and can do no harm, and never else", [any], ([fields]) => {
    const error = new RequestError(fields)
    const { isCertainlyNotExecuted, isSafeToRetry, isTransient } = error
    assert.strictEqual(isSafeToRetry, isTransient && (fields.mayRunTwice || isCertainlyNotExecuted))
    // What may have been executed is never made again by an operation that may not run twice.
    if (!isCertainlyNotExecuted && !fields.mayRunTwice) assert.isFalse(isSafeToRetry)
    // What is known of one call does not depend on what its operation may do.
    const other = new RequestError({ ...fields, mayRunTwice: !fields.mayRunTwice })
    assert.deepStrictEqual(
      [other.isTransient, other.isCertainlyNotExecuted, other.code, other.message],
      [isTransient, isCertainlyNotExecuted, error.code, error.message]
    )
  })

  it.prop("P4/certainty: is certain only of what was never written", [any], ([fields]) => {
    const { isCertainlyNotExecuted, reason } = new RequestError(fields)
    if ("delivery" in reason) assert.strictEqual(isCertainlyNotExecuted, reason.delivery === "not-sent")
    else assert.strictEqual(isCertainlyNotExecuted, reason.message.includes("was not sent"))
  })

  it.prop("keeps its cause and names its operation and a code", [any], ([fields]) => {
    const error = new RequestError(fields)
    assert.strictEqual(error.cause, fields.reason)
    assert.match(error.message, /^Reserve /)
    assert.match(error.code, /^[A-Z_]+$/)
    assert.strictEqual(error.code, fields.reason.code)
  })

  it.prop("travels as JSON", [any], ([fields]) => {
    const codec = Schema.toCodecJson(RequestError)
    const json: unknown = JSON.parse(JSON.stringify(Schema.encodeUnknownSync(codec)(new RequestError(fields))))
    const read = Schema.decodeUnknownSync(codec)(json)
    assert.deepStrictEqual(
      [read.message, read.code, read.isSafeToRetry],
      [new RequestError(fields).message, fields.reason.code, new RequestError(fields).isSafeToRetry]
    )
  })

  it("is transient where nobody has to do anything", () => {
    const transient = reasons.filter((reason) => new RequestError({ reason, mayRunTwice: false }).isTransient)
    assert.deepStrictEqual([...new Set(transient.map(({ _tag }) => _tag))].toSorted(), [
      "Interrupted",
      "NoResponder",
      "NotSent",
      "Overloaded",
      "Rejected",
      "ReplyAddressLost",
      "Timeout"
    ])
    assert.deepStrictEqual(
      transient.flatMap((reason) => (reason._tag === "NotSent" ? [reason.cause.reason._tag] : [])),
      ["Unreachable", "NoSuchTopic", "Unrecognised", "QueueFull"]
    )
  })

  it("says what the transport said", () => {
    for (const reason of reasons) {
      if (reason._tag === "NotSent" || reason._tag === "ReplyAddressLost") {
        assert.include(reason.message, reason.cause.message)
      }
      if (reason._tag === "Timeout") assert.strictEqual(reason.message.includes(passing.message), "cause" in reason)
    }
  })
})

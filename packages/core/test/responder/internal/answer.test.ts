import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import {
  accepted,
  type Answer,
  answerOf,
  interrupted,
  labelOf,
  rejected
} from "../../../src/responder/internal/answer.ts"
import { operation, SoldOut, UnknownSku } from "../../contract/stock.ts"
import { elementOf, int } from "../../wire/arbitraries.ts"

const jsonOf = (answer: Answer): unknown => JSON.parse(Buffer.from(answer.body).toString("utf8"))

const answerTo = (exit: Exit.Exit<unknown, unknown>, maxBytes = 1_000) => answerOf(operation("Reserve"), exit, maxBytes)

const soldOut = new SoldOut({ left: 2 })

describe("the answer to an exit", () => {
  it.effect("is its value, its declared error, its defect or its whole cause", () =>
    Effect.gen(function* () {
      const summary = Effect.fnUntraced(function* (exit: Exit.Exit<unknown, unknown>) {
        const answer = yield* answerTo(exit)
        return [answer.outcome, jsonOf(answer)]
      })
      assert.deepStrictEqual(yield* summary(Exit.succeed(7)), ["success", 7])
      assert.deepStrictEqual(yield* summary(Exit.fail(soldOut)), ["failure", { _tag: "SoldOut", left: 2 }])
      assert.deepStrictEqual(yield* summary(Exit.die("boom")), ["defect", "boom"])
      assert.deepStrictEqual(yield* summary(Exit.interrupt(1)), ["interrupted", null])
      const both = Exit.failCause(Cause.combine(Cause.fail(soldOut), Cause.die("boom")))
      const [outcome, json] = yield* summary(both)
      assert.strictEqual(outcome, "cause")
      assert.deepNestedPropertyVal(json, "_tag", "Failure")
    })
  )

  it.effect("shows of a defect its name and message, no stack", () =>
    Effect.gen(function* () {
      const answer = yield* answerTo(Exit.die(new TypeError("boom")))
      assert.deepStrictEqual(jsonOf(answer), { name: "TypeError", message: "boom" })
    })
  )

  it.effect("is a status when the exit does not fit the contract, or the reply would be too large", () =>
    Effect.gen(function* () {
      const label = Effect.fnUntraced(function* (exit: Exit.Exit<unknown, unknown>, maxBytes?: number) {
        return labelOf(yield* answerTo(exit, maxBytes))
      })
      assert.strictEqual(yield* label(Exit.succeed("seven")), "reply-invalid")
      assert.strictEqual(yield* label(Exit.succeed(undefined)), "reply-invalid")
      assert.strictEqual(yield* label(Exit.fail(new Error("undeclared"))), "reply-invalid")
      const unknown = new UnknownSku({ sku: "x".repeat(100) })
      const { byteLength } = (yield* answerTo(Exit.fail(unknown))).body
      assert.strictEqual(yield* label(Exit.fail(unknown), byteLength - 1), "reply-too-large")
      assert.strictEqual(yield* label(Exit.fail(unknown), byteLength), "failure")
      assert.strictEqual(yield* label(Exit.die("x".repeat(2_000))), "reply-too-large")
    })
  )

  const strange = elementOf<unknown>([
    undefined,
    null,
    Number.NaN,
    1n,
    Symbol("x"),
    () => 1,
    new Proxy({}, { get: () => 1n }),
    new Proxy(
      {},
      {
        get: () => {
          throw new Error("a proxy that throws")
        }
      }
    ),
    new Map(),
    { cause: { cause: "deep" } }
  ])
  const exits = [
    Exit.succeed,
    Exit.fail,
    Exit.die,
    (value: unknown) => Exit.failCause(Cause.fromReasons([Cause.makeDieReason(value), Cause.makeFailReason(value)]))
  ]
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic
  it.effect.prop(
    "always is one, of legal JSON, whatever the handler does",
    [
      elementOf(["Get", "Reserve", "Take", "Odd", "Ping"] as const),
      int(0, 3),
      Arbitrary.array(strange, { minLength: 1, maxLength: 2 })
    ],
    ([tag, kind, values]) =>
      Effect.gen(function* () {
        const value = values.length === 2 ? cyclic : values[0]
        const exit = exits[kind]!(value)
        const answer = yield* answerOf(operation(tag), exit, 500)
        jsonOf(answer)
        assert.isAtMost(answer.body.byteLength, 5_000)
      }),
    { arbitrary: { runs: 300 } }
  )
})

describe("other answers", () => {
  it("have a label and a body", () => {
    assert.deepStrictEqual([accepted, interrupted].map(labelOf), ["accepted", "interrupted"])
    assert.deepStrictEqual([accepted, interrupted].map(jsonOf), [null, null])
    const answer = rejected("overloaded", "too much", 70)
    assert.deepStrictEqual(
      [labelOf(answer), answer.outcome, answer.retryAfter, jsonOf(answer)],
      ["overloaded", "rejected", 70, { message: "too much" }]
    )
  })
})

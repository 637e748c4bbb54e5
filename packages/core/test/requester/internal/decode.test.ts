import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { outcomeOf } from "../../../src/requester/internal/decode.ts"
import { RequestError } from "../../../src/requester/RequestError.ts"
import { answerOf } from "../../../src/responder/internal/answer.ts"
import * as ReplyEnvelope from "../../../src/wire/ReplyEnvelope.ts"
import { operation, SoldOut, UnknownSku } from "../../contract/stock.ts"
import { boolean, bytes, elementOf, oneOf, syntax } from "../../wire/arbitraries.ts"
import { reply } from "../fixtures.ts"

const exitOf = (outcome: ReplyEnvelope.Outcome, body: unknown, isDiscard = false) =>
  Effect.exit(outcomeOf(operation("Reserve"), reply({ outcome, status: "internal" }, body), isDiscard))

const reasonOf = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return "success"
  const error = Cause.squash(exit.cause)
  return error instanceof RequestError ? error.reason._tag : String(error)
}

describe("a reply", () => {
  it.effect("gives what the handler gave", () =>
    Effect.gen(function* () {
      const soldOut = new SoldOut({ left: 2 })
      const exits: ReadonlyArray<Exit.Exit<unknown, unknown>> = [
        Exit.succeed(7),
        Exit.fail(soldOut),
        Exit.fail(new UnknownSku({ sku: "a" })),
        Exit.failCause(Cause.combine(Cause.fail(soldOut), Cause.fail(soldOut)))
      ]
      for (const exit of exits) {
        const { body, outcome } = yield* answerOf(operation("Reserve"), exit, 10_000)
        assert.deepStrictEqual(yield* exitOf(outcome, body), exit)
      }
    })
  )

  it.effect("with a defect dies of it", () =>
    Effect.gen(function* () {
      const { body, outcome } = yield* answerOf(operation("Reserve"), Exit.die(new TypeError("boom")), 10_000)
      assert.strictEqual(outcome, "defect")
      const exit = yield* exitOf(outcome, body)
      const reason = Exit.isFailure(exit) ? exit.cause.reasons[0] : undefined
      if (reason === undefined || !Cause.isDieReason(reason)) return assert.fail("no defect")
      assert.strictEqual(reason.defect instanceof Error ? reason.defect.message : reason.defect, "boom")
    })
  )

  it.effect("that fits no contract is an invalid reply, and one that was interrupted says so", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [ReplyEnvelope.Outcome, unknown, string]> = [
        ["success", "seven", "InvalidReply"],
        ["success", Buffer.from("{"), "InvalidReply"],
        ["failure", { _tag: "Unknown" }, "InvalidReply"],
        ["cause", { _tag: "Failure" }, "InvalidReply"],
        ["accepted", null, "InvalidReply"],
        ["interrupted", null, "Interrupted"],
        ["item", 1, "InvalidReply"],
        ["end", 1, "InvalidReply"]
      ]
      for (const [outcome, body, expected] of cases)
        assert.strictEqual(reasonOf(yield* exitOf(outcome, body)), expected)
    })
  )

  it.effect("in another content type is an invalid reply", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        outcomeOf(operation("Reserve"), reply({ contentType: "application/cbor" }, 7), false)
      )
      assert.strictEqual(reasonOf(exit), "InvalidReply")
      const json = outcomeOf(operation("Reserve"), reply({ contentType: "application/json" }, 7), false)
      assert.strictEqual(yield* json, 7)
    })
  )

  it.effect("to a call that wants no outcome is nothing, whatever the success was", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* exitOf("accepted", null, true), Exit.void)
      assert.deepStrictEqual(yield* exitOf("success", "seven", true), Exit.void)
      assert.strictEqual(reasonOf(yield* exitOf("interrupted", null, true)), "Interrupted")
    })
  )

  const tag = elementOf(["Get", "Reserve", "Take", "Odd", "Ping"] as const)
  const body = oneOf<unknown>(
    bytes(0, 30),
    Arbitrary.map(syntax(0, 30), (text) => Buffer.from(text)),
    elementOf([null, 7, "x", [], {}, { _tag: "Failure", cause: [] }, { _tag: "Failure", cause: [{ _tag: "Die" }] }]),
    elementOf([{ _tag: "Failure", cause: [{ _tag: "Interrupt" }] }, { _tag: "Success", value: 7 }, { at: "throw" }])
  )
  it.effect.prop(
    "of any kind with any body is told by a value or a typed failure",
    [tag, elementOf(ReplyEnvelope.outcomes), body, boolean],
    ([tag, outcome, body, isDiscard]) =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(outcomeOf(operation(tag), reply({ outcome, status: "x" }, body), isDiscard))
        if (Exit.isSuccess(exit)) return
        // A defect or a cause is what the other side says it is; nothing else may die here.
        if (outcome !== "defect" && outcome !== "cause") assert.isFalse(Cause.hasDies(exit.cause))
      }),
    { arbitrary: { runs: 500 } }
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { operationsOf } from "../../../src/contract/Operation.ts"
import * as CallPayload from "../../../src/requester/internal/callPayload.ts"
import type { InvalidPayload } from "../../../src/requester/RequestError.ts"

const operationOf = (payload: Schema.Struct.Fields | Schema.Top) =>
  operationsOf(RpcGroup.make(Rpc.make("Order", { payload: payload as Schema.Top })))[0]!

const order = operationOf(
  Schema.Struct({
    sku: Schema.NonEmptyString,
    quantity: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)),
    lines: Schema.Array(Schema.Struct({ "odd key": Schema.Finite })),
    token: Schema.optionalKey(Schema.Redacted(Schema.Number))
  })
)

const good = { sku: "a", quantity: 1, lines: [] }

const anything = operationOf(Schema.Struct({ value: Schema.Any }))

const throws = (): string => {
  throw new Error("no text today")
}

/** The JSON of a payload, or what is wrong with it. */
const json = (operation: ReturnType<typeof operationOf>, payload: unknown) =>
  Effect.flatMap(Effect.fromResult(CallPayload.make(operation, payload)), (made) =>
    CallPayload.encode(operation, made)
  ).pipe(Effect.catchDefect((defect) => Effect.die(new Error(`a defect: ${String(defect)}`))))

const refusal = (operation: ReturnType<typeof operationOf>, payload: unknown): InvalidPayload => {
  const result = Effect.runSync(Effect.result(json(operation, payload)))
  if (Result.isSuccess(result)) throw new Error(`it was accepted: ${JSON.stringify(result.success)}`)
  return result.failure
}

describe("a payload that does not fit", () => {
  it("is told by the place, by what it takes, and by what was there", () => {
    const { issues, message } = refusal(order, { ...good, quantity: 0 })
    assert.deepStrictEqual(issues, [{ path: "payload.quantity", expected: "a value greater than or equal to 1" }])
    assert.include(message, "payload.quantity: expected a value greater than or equal to 1, got 0")
  })

  it("tells several places together", () => {
    const { detail } = refusal(order, { sku: "", lines: [{ "odd key": "x" }] })
    assert.strictEqual(
      detail,
      'payload.sku: expected a value with a length of at least 1, got an empty text; payload.quantity is missing; payload.lines[0]["odd key"]: expected number, got a text'
    )
  })

  it("as a whole is told so", () => {
    assert.strictEqual(refusal(order, null).detail, "payload: expected object, got null")
  })

  it("tells a bounded part of what is much", () => {
    const lines = Array.from({ length: 1_000 }, () => ({ "odd key": Number.NaN }))
    const { detail, issues } = refusal(order, { ...good, lines })
    assert.strictEqual(issues.length, 5)
    assert.include(detail, "and 995 more")
    assert.isBelow(refusal(order, { ...good, sku: 1 as never, [`x${"y".repeat(9_999)}`]: 1 }).detail.length, 500)
  })

  it("never quotes what is redacted, nor what should be", () => {
    for (const token of [1234.5, "1234.5", Redacted.make("1234.5"), Redacted.make({ pin: 1234.5 })]) {
      const { message } = refusal(order, { ...good, token })
      assert.include(message, "payload.token")
      assert.notInclude(message, "1234.5")
    }
  })

  it("is an error and no defect when its parts throw", () => {
    const throwing = {
      ...good,
      get sku(): string {
        throw new Error("no sku today")
      }
    }
    assert.include(refusal(order, throwing).detail, "no sku today")
    const inside = Object.defineProperty({}, "x", {
      enumerable: true,
      get: () => {
        throw new Error("no x today")
      }
    })
    assert.include(refusal(anything, { value: inside }).detail, "no x today")
    const at = Schema.String.pipe(
      Schema.decodeTo(Schema.String, SchemaTransformation.transform({ decode: (text) => text, encode: throws }))
    )
    const throwsOnEncode = operationOf(Schema.Struct({ at }))
    assert.include(refusal(throwsOnEncode, { at: "now" }).detail, "no text today")
  })
})

describe("a payload that JSON would change", () => {
  const cycle: { self?: unknown } = {}
  cycle.self = [cycle]
  it.each([
    ["a Map", new Map([[1, 2]])],
    ["a Set", new Set([1])],
    ["a RegExp", /x/],
    ["an Error", new Error("x")],
    ["a Uint8Array", new Uint8Array(1)],
    ["NaN", Number.NaN],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    ["a bigint", 1n],
    ["a function", () => 1],
    ["a symbol", Symbol("x")],
    ["undefined in an array", [1, undefined]],
    ["what contains itself", cycle]
  ])("is refused: %s", (name, value) => {
    const { detail, issues } = refusal(anything, { value: { deep: [value] } })
    assert.match(detail, /^payload\.value\.deep\[0\]/)
    assert.include(detail, `JSON cannot say ${name.replace("an Error", "a Error")}`)
    assert.strictEqual(issues.length, 1)
  })

  it.prop("is no other than what JSON gives back as it was", [Arbitrary.schema(Schema.Json)], ([value]) => {
    assert.deepStrictEqual(Effect.runSync(json(anything, { value })), { value })
  })

  it("says itself what it is in JSON, where it has a toJSON; and twice the same is no circle", () => {
    const same = { a: 1 }
    const value = { at: new Date(0), twice: [same, same], nothing: undefined }
    assert.deepStrictEqual(Effect.runSync(json(anything, { value })), { value })
  })

  it("is looked for only where the schema takes anything", () => {
    assert.deepStrictEqual(
      [order, anything].map(({ payload }) => payload.mayLose),
      [false, true]
    )
    const recursive: Schema.Codec<unknown> = Schema.Array(Schema.suspend(() => recursive)) as never
    assert.isFalse(operationOf(recursive).payload.mayLose)
    assert.isTrue(operationOf(Schema.Record(Schema.String, Schema.Unknown)).payload.mayLose)
  })
})

import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { json } from "../../src/contract/PayloadCodec.ts"
import { bytes, int, oneOf, syntax, text } from "../wire/arbitraries.ts"

const value = Arbitrary.schema(
  Schema.Struct({
    text: Schema.String,
    number: Schema.Int,
    flags: Schema.Array(Schema.Boolean),
    nested: Schema.NullOr(Schema.Record(Schema.String, Schema.Finite))
  })
)

describe("the JSON payload codec", () => {
  it.prop("reads what it wrote", [value], ([value]) => {
    const written = Result.getOrThrow(json.toBytes(value))
    // As `JSON.parse(JSON.stringify())` has it: lone surrogates have no UTF-8, minus zero no JSON.
    const expected = JSON.parse(Buffer.from(JSON.stringify(value), "utf8").toString("utf8")) as unknown
    assert.deepStrictEqual(Result.getOrThrow(json.fromBytes(written)), expected)
  })

  it.prop(
    "reads or refuses any bytes",
    [
      oneOf(
        bytes(0, 60),
        Arbitrary.map(oneOf(syntax(0, 30), text(0, 30)), (line) => Buffer.from(line))
      )
    ],
    ([bytes]) => {
      const read = json.fromBytes(bytes)
      if (Result.isFailure(read)) assert.isAbove(read.failure.length, 0)
      else assert.deepStrictEqual(json.fromBytes(Result.getOrThrow(json.toBytes(read.success))), read)
    },
    { arbitrary: { runs: 500 } }
  )

  it("says why when JSON has no word for a value", () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    const thrower = {
      toJSON: () => {
        throw new Error("boom")
      }
    }
    for (const [unfit, reason] of [
      [cycle, /circular/],
      [1n, /BigInt/],
      [thrower, /boom/]
    ] as const) {
      assert.match(Result.getOrThrow(Result.flip(json.toBytes(unfit))), reason)
    }
  })

  it.prop("writes one JSON text for anything that has none either", [int(0, 2)], ([which]) => {
    const unfit = [undefined, () => 1, Symbol("none")][which]
    const written = json.toBytes(unfit)
    if (Result.isSuccess(written)) JSON.parse(Buffer.from(written.success).toString("utf8"))
  })

  it("takes no value for null", () => {
    assert.deepStrictEqual(json.fromBytes(null), Result.succeed(null))
    assert.strictEqual(Buffer.from(Result.getOrThrow(json.toBytes(undefined))).toString(), "null")
  })

  it("refuses text that is no UTF-8", () => {
    assert.isTrue(Result.isFailure(json.fromBytes(Uint8Array.of(0x22, 0xff, 0x22))))
  })

  it("reads bytes that are part of a larger buffer", () => {
    const whole = Buffer.from(`xx{"a":1}xx`)
    assert.deepStrictEqual(json.fromBytes(whole.subarray(2, 9)), Result.succeed({ a: 1 }))
  })
})

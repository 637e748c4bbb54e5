import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { fingerprintOf } from "../../../src/responder/internal/fingerprint.ts"
import type { Operation } from "../../../src/contract/Operation.ts"
import { operation } from "../../contract/stock.ts"

const reserve = operation("Reserve")
const of = (json: unknown) => Effect.flatMap(reserve.payload.decode(json), (payload) => fingerprintOf(reserve, payload))

describe("the fingerprint of a payload", () => {
  it.effect("does not depend on the order of keys or on keys this side does not know", () =>
    Effect.gen(function* () {
      const fingerprint = yield* of({ order: "o", sku: "a", count: 2 })
      assert.strictEqual(yield* of({ count: 2, sku: "a", order: "o", added: true }), fingerprint)
      assert.strictEqual(fingerprint, '{"count":2,"order":"o","sku":"a"}')
    })
  )

  const anyJson = { payload: { encode: (json: unknown) => Effect.succeed(json) } } as unknown as Operation
  const json = Arbitrary.schema(Schema.Record(Schema.String, Schema.Union([Schema.Finite, Schema.String])))
  const reversed = (value: unknown): unknown =>
    typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .toReversed()
            .map(([key, inner]) => [key, reversed(inner)])
        )
      : value

  it.effect.prop("does not depend on the order of the keys of records, at any depth", [json, json], ([one, other]) =>
    Effect.gen(function* () {
      const payload = { ...one, inner: { ...other, more: one } }
      assert.strictEqual(yield* fingerprintOf(anyJson, reversed(payload)), yield* fingerprintOf(anyJson, payload))
    })
  )

  it.effect("is a digest when the payload is long, and there is one for text that is no Unicode", () =>
    Effect.gen(function* () {
      assert.match(yield* fingerprintOf(anyJson, "x".repeat(62)), /^[0-9a-f]{64}$/)
      assert.strictEqual(yield* fingerprintOf(anyJson, "x".repeat(61)), `"${"x".repeat(61)}"`)
      const [lone, other] = ["\ud800", "\ud801"]
      assert.notStrictEqual(yield* fingerprintOf(anyJson, { lone }), yield* fingerprintOf(anyJson, { lone: other }))
    })
  )

  const payload = Arbitrary.schema(reserve.rpc.payloadSchema)
  it.effect.prop("tells payloads apart", [payload, payload], ([one, other]) =>
    Effect.gen(function* () {
      const isSame = Schema.toEquivalence(reserve.rpc.payloadSchema)(one, other)
      assert.strictEqual((yield* fingerprintOf(reserve, one)) === (yield* fingerprintOf(reserve, other)), isSame)
    })
  )

  it.effect("is there for an operation without a payload", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* fingerprintOf(operation("Ping"), undefined),
        yield* fingerprintOf(operation("Ping"), undefined)
      )
    })
  )
})

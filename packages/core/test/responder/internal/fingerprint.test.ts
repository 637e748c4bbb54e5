import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { fingerprintOf } from "../../../src/responder/internal/fingerprint.ts"
import { operation } from "../../contract/stock.ts"

const reserve = operation("Reserve")
const of = (json: unknown) => Effect.flatMap(reserve.payload.decode(json), (payload) => fingerprintOf(reserve, payload))

describe("the fingerprint of a payload", () => {
  it.effect("does not depend on the order of keys or on keys this side does not know", () =>
    Effect.gen(function* () {
      const fingerprint = yield* of({ order: "o", sku: "a", count: 2 })
      assert.strictEqual(yield* of({ count: 2, sku: "a", order: "o", added: true }), fingerprint)
      assert.match(fingerprint, /^[A-Za-z0-9+/]{43}=$/)
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

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Call from "../src/Call.ts"
import type { Kind } from "../src/Outcome.ts"

const codeOf = (kind: Kind) =>
  Call.exitCode({ operation: "GetStock", millis: 1, outcome: { kind, name: "", detail: "" } })

describe("Call", () => {
  it.effect.each([
    ["Nonsense", "{}", /the contract has no Nonsense; it has GetStock, Reserve, CancelReservation, Restock/],
    ["GetStock", "{sku:TEA-1}", /the payload is not JSON \(.*\); quote it for your shell/],
    ["GetStock", "{}", /the payload does not fit GetStock \(sku\): sku is missing/],
    [
      "Reserve",
      '{"sku":"x"}',
      /does not fit Reserve \(orderId, sku, quantity\): orderId is missing; sku is "x", expected/
    ],
    ["Restock", "null", /it is null, expected object/]
  ] as const)("refuses %s %s before anything is sent", ([operation, payload, expected]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Call.parse(operation, payload))
      assert.match(error.message, expected)
    })
  )

  it.effect("takes every operation of the contract", () =>
    Effect.gen(function* () {
      const payloads = { sku: "TEA-1", orderId: "order-1", deliveryId: "delivery-1", quantity: 1 }
      for (const operation of Call.operations) {
        const call = yield* Call.parse(operation, JSON.stringify(payloads))
        assert.strictEqual(call.operation, operation)
      }
    })
  )

  it("has an exit code for each kind of end", () => {
    assert.deepStrictEqual([codeOf("success"), codeOf("declared"), codeOf("error"), codeOf("defect")], [0, 3, 1, 1])
  })
})

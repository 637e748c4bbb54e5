import * as Contract from "@kafka-request-reply/core/Contract"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as PrimaryKey from "effect/PrimaryKey"
import * as Schema from "effect/Schema"
import * as Arbitrary from "effect/Arbitrary"
import { CancelReservation, GetStock, Inventory, Reservation, Reserve, Restock, Stock } from "../src/Inventory.ts"
import { DeliveryId } from "../src/DeliveryId.ts"
import { OrderId } from "../src/OrderId.ts"
import { Quantity } from "../src/Quantity.ts"
import { Sku } from "../src/Sku.ts"

const errors = { getStock: GetStock.errorSchema, reserve: Reserve.errorSchema, cancel: CancelReservation.errorSchema }

const primaryKeyOf = (payload: unknown) => (PrimaryKey.isPrimaryKey(payload) ? PrimaryKey.value(payload) : undefined)

describe("Inventory", () => {
  it("names its topics", () => {
    assert.strictEqual(Contract.namesOf(Inventory)?.requests, "inventory.requests")
    assert.strictEqual(Contract.namesOf(Inventory)?.replies, "inventory.replies")
  })

  it("says of each operation whether it may run twice", () => {
    const delivery = Array.from(Inventory.requests.values(), (rpc) => [
      rpc._tag,
      Context.get(rpc.annotations, Contract.Safe),
      Context.get(rpc.annotations, Contract.Idempotent),
      PrimaryKey.isPrimaryKey((rpc.payloadSchema as { readonly prototype?: unknown }).prototype)
    ])
    assert.deepStrictEqual(delivery, [
      ["GetStock", true, false, false],
      ["Reserve", false, true, true],
      ["CancelReservation", false, true, true],
      ["Restock", false, true, true]
    ])
  })

  it("keys a reservation and its cancellation by the order", () => {
    const orderId = OrderId.make("order-17")
    const reserve = { orderId, sku: Sku.make("TEA-0042"), quantity: Quantity.make(2) }
    assert.strictEqual(primaryKeyOf(Reserve.payloadSchema.make(reserve)), "order-17")
    assert.strictEqual(primaryKeyOf(CancelReservation.payloadSchema.make({ orderId })), "order-17")
    assert.isUndefined(primaryKeyOf(GetStock.payloadSchema.make({ sku: reserve.sku })))
    const restock = { deliveryId: DeliveryId.make("delivery-17"), sku: reserve.sku, quantity: reserve.quantity }
    assert.strictEqual(primaryKeyOf(Restock.payloadSchema.make(restock)), "delivery-17")
  })

  const values = { Stock, Reservation, ...errors }
  for (const [name, schema] of Object.entries(values)) {
    const codec = Schema.fromJsonString(Schema.toCodecJson(schema as Schema.Codec<unknown>))
    it.effect.prop(`${name} survives JSON`, [Arbitrary.schema(schema as Schema.Codec<unknown>)], ([value]) =>
      Effect.gen(function* () {
        const back = yield* Schema.encodeEffect(codec)(value).pipe(Effect.flatMap(Schema.decodeEffect(codec)))
        assert.deepStrictEqual(back, value)
      })
    )
  }

  it("refuses values outside its brands", () => {
    for (const sku of ["", "T", "tea-1", "TEA 1", "-TEA", "A".repeat(33)]) assert.isFalse(Schema.is(Sku)(sku), sku)
    for (const id of ["", " order", "a/b", "a".repeat(65), "ö"]) assert.isFalse(Schema.is(OrderId)(id), id)
    for (const n of [0, -1, 1.5, 1_000_001, Number.NaN, "1"]) assert.isFalse(Schema.is(Quantity)(n), String(n))
  })
})

import { Inventory } from "@kafka-request-reply/contracts/Inventory"
import { DeliveryId } from "@kafka-request-reply/contracts/DeliveryId"
import { OrderId } from "@kafka-request-reply/contracts/OrderId"
import { Quantity } from "@kafka-request-reply/contracts/Quantity"
import { Sku } from "@kafka-request-reply/contracts/Sku"
import * as RequestReplyTest from "@kafka-request-reply/core/RequestReplyTest"
import * as Requester from "@kafka-request-reply/core/Requester"
import { assert, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as RpcTest from "effect/rpc/RpcTest"
import { Database } from "../src/Database.ts"
import { DatabaseError } from "../src/DatabaseError.ts"
import * as InventoryHandlers from "../src/InventoryHandlers.ts"
import { Warehouse } from "../src/Warehouse.ts"
import { article, warehouse } from "./support/temporaryDatabase.ts"

const serving = InventoryHandlers.layer.pipe(Layer.provideMerge(warehouse(":memory:", [article("TEA-1", 10)])))
const sku = Sku.make("TEA-1")
const orderId = OrderId.make("order-1")
const quantity = Quantity.make(3)
const deliveryId = DeliveryId.make("delivery-1")

it.effect("serves every operation of the contract", () =>
  Effect.gen(function* () {
    const client = yield* RpcTest.makeClient(Inventory)
    assert.strictEqual((yield* client.Reserve({ orderId, sku, quantity })).remaining, 7)
    assert.strictEqual((yield* client.GetStock({ sku })).reserved, 3)
    assert.strictEqual((yield* client.CancelReservation({ orderId })).quantity, 3)
    assert.strictEqual((yield* client.Restock({ deliveryId, sku, quantity })).available, 13)
    const error = yield* Effect.flip(client.Reserve({ orderId, sku, quantity }))
    assert.strictEqual(error._tag, "OrderClosed")
  }).pipe(Effect.provide(serving))
)

it.effect("answers a broken database as a defect, never as a declared error", () =>
  Effect.gen(function* () {
    const client = yield* RpcTest.makeClient(Inventory)
    const { sql } = yield* Database
    sql.exec("DROP TABLE reservation")
    const exit = yield* Effect.exit(client.Reserve({ orderId, sku, quantity }))
    assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
  }).pipe(Effect.provide(serving))
)

const busy = new DatabaseError({ file: "i.sqlite", kind: "busy", detail: "locked", cause: "locked" })

/** A warehouse whose database is busy for the first so many requests. */
const busyFor = (times: number) => {
  let left = times
  return Layer.effect(
    Warehouse,
    Effect.map(Warehouse, (warehouse) => ({
      ...warehouse,
      restock: (delivery: Parameters<typeof warehouse.restock>[0]) =>
        Effect.suspend(() => (left-- > 0 ? Effect.fail(busy) : warehouse.restock(delivery)))
    }))
  ).pipe(Layer.provide(warehouse(":memory:", [article("TEA-1", 10)])))
}

it.live("a database that is busy is told as unavailable, and tried again, and what was delivered is added once", () =>
  Effect.gen(function* () {
    const client = yield* RequestReplyTest.client(Inventory)
    assert.strictEqual((yield* client.Restock({ deliveryId, sku, quantity })).available, 13)
    assert.strictEqual((yield* client.Restock({ deliveryId, sku, quantity })).available, 13)
  }).pipe(Effect.provide(InventoryHandlers.layer.pipe(Layer.provide(busyFor(1)))), Effect.scoped)
)

it.live("a database that stays busy is a rejection that may pass", () =>
  Effect.gen(function* () {
    const client = yield* RequestReplyTest.client(Inventory)
    const error = yield* Effect.flip(client.Restock({ deliveryId, sku, quantity }).pipe(Requester.withTimeout(500)))
    assert(error._tag === "RequestError" && error.reason._tag === "Rejected")
    assert.deepInclude(error.reason, { status: "unavailable", retryAfterMillis: 1_000, isTransient: true })
  }).pipe(Effect.provide(InventoryHandlers.layer.pipe(Layer.provide(busyFor(10)))), Effect.scoped)
)

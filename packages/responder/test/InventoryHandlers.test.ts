import { Inventory } from "@kafka-request-reply/contracts/Inventory"
import { OrderId } from "@kafka-request-reply/contracts/OrderId"
import { Quantity } from "@kafka-request-reply/contracts/Quantity"
import { Sku } from "@kafka-request-reply/contracts/Sku"
import { assert, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as RpcTest from "effect/rpc/RpcTest"
import { Database } from "../src/Database.ts"
import * as InventoryHandlers from "../src/InventoryHandlers.ts"
import { article, warehouse } from "./support/temporaryDatabase.ts"

const serving = InventoryHandlers.layer.pipe(Layer.provideMerge(warehouse(":memory:", [article("TEA-1", 10)])))
const sku = Sku.make("TEA-1")
const orderId = OrderId.make("order-1")
const quantity = Quantity.make(3)

it.effect("serves every operation of the contract", () =>
  Effect.gen(function* () {
    const client = yield* RpcTest.makeClient(Inventory)
    assert.strictEqual((yield* client.Reserve({ orderId, sku, quantity })).remaining, 7)
    assert.strictEqual((yield* client.GetStock({ sku })).reserved, 3)
    assert.strictEqual((yield* client.CancelReservation({ orderId })).quantity, 3)
    assert.strictEqual((yield* client.Restock({ sku, quantity })).available, 13)
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

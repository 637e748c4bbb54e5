/**
 * The inventory contract: what the two programs agree on, and nothing else. How requests travel is the core's affair,
 * how stock is kept the responder's.
 */
import * as Contract from "@kafka-request-reply/core/Contract"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { DeliveryId } from "./DeliveryId.ts"
import { DeliveryClosed, OrderClosed, OutOfStock, UnknownReservation, UnknownSku } from "./InventoryError.ts"
import { OrderId } from "./OrderId.ts"
import { Count, Quantity } from "./Quantity.ts"
import { Sku } from "./Sku.ts"

/** What the warehouse has of one article: pieces that can still be reserved, and pieces that are. */
export const Stock = Schema.Struct({ sku: Sku, available: Count, reserved: Count })
export type Stock = typeof Stock.Type

/** A reservation as it was made; `remaining` is what was left to reserve right after it. */
export const Reservation = Schema.Struct({ orderId: OrderId, sku: Sku, quantity: Quantity, remaining: Count })
export type Reservation = typeof Reservation.Type

/** A cancelled reservation: `quantity` pieces are available again. */
export const Cancellation = Schema.Struct({ orderId: OrderId, sku: Sku, quantity: Quantity })
export type Cancellation = typeof Cancellation.Type

/** How much of an article there is. Only reads. */
export const GetStock = Rpc.make("GetStock", {
  payload: { sku: Sku },
  success: Stock,
  error: UnknownSku
}).annotate(Contract.Safe, true)

/**
 * Takes pieces off the available stock for an order. The order id is the primary key: the same request again gets the
 * answer of the first and takes nothing, so it may be retried. The database remembers that, so the responder need not.
 */
export const Reserve = Rpc.make("Reserve", {
  payload: { orderId: OrderId, sku: Sku, quantity: Quantity },
  success: Reservation,
  error: Schema.Union([UnknownSku, OutOfStock, OrderClosed]),
  primaryKey: ({ orderId }) => orderId
})
  .annotate(Contract.Idempotent, true)
  .annotate(Contract.StoreReplies, false)

/** Gives an order's pieces back. Cancelling again gets the same answer and gives nothing. */
export const CancelReservation = Rpc.make("CancelReservation", {
  payload: { orderId: OrderId },
  success: Cancellation,
  error: UnknownReservation,
  primaryKey: ({ orderId }) => orderId
})
  .annotate(Contract.Idempotent, true)
  .annotate(Contract.StoreReplies, false)

/**
 * Adds delivered pieces. The delivery id is the primary key: the same delivery again gets the answer of the first and adds
 * nothing, at whichever responder it is asked, since the database remembers it.
 */
export const Restock = Rpc.make("Restock", {
  payload: { deliveryId: DeliveryId, sku: Sku, quantity: Quantity },
  success: Stock,
  error: Schema.Union([UnknownSku, DeliveryClosed]),
  primaryKey: ({ deliveryId }) => deliveryId
})
  .annotate(Contract.Idempotent, true)
  .annotate(Contract.StoreReplies, false)

const operations = RpcGroup.make(GetStock, Reserve, CancelReservation, Restock)

/** The contract under a name of its own, for several inventories on one Kafka: topics and group are named from it. */
export const named = (name: string): typeof operations => operations.annotate(Contract.Name, name)

/** Topics `inventory.requests` and `inventory.replies`. */
export const Inventory = named("inventory")

/**
 * The answers of the inventory that are not what the caller hoped for. They are part of the contract: the caller is
 * expected to handle each.
 */
import * as Schema from "effect/Schema"
import { DeliveryId } from "./DeliveryId.ts"
import { OrderId } from "./OrderId.ts"
import { Count, Quantity } from "./Quantity.ts"
import { Sku } from "./Sku.ts"

const id = "@kafka-request-reply/contracts/InventoryError"

/** The catalogue has no such article. */
export class UnknownSku extends Schema.TaggedError<UnknownSku>(`${id}/UnknownSku`)("UnknownSku", { sku: Sku }) {
  override get message() {
    return `the catalogue has no ${this.sku}`
  }
}

/** There are fewer pieces than were asked for. Nothing was reserved. */
export class OutOfStock extends Schema.TaggedError<OutOfStock>(`${id}/OutOfStock`)("OutOfStock", {
  sku: Sku,
  requested: Quantity,
  available: Count
}) {
  override get message() {
    return `${this.requested} of ${this.sku} asked for, ${this.available} available`
  }
}

/**
 * The order can no longer be reserved: it was `cancelled`, or it is `reserved` already with another article or quantity.
 * An order id stands for one order for ever.
 */
export class OrderClosed extends Schema.TaggedError<OrderClosed>(`${id}/OrderClosed`)("OrderClosed", {
  orderId: OrderId,
  state: Schema.Literals(["cancelled", "reserved"])
}) {
  override get message() {
    return this.state === "cancelled"
      ? `${this.orderId} was cancelled; place a new order`
      : `${this.orderId} is reserved with another article or quantity`
  }
}

/** The delivery was booked before, with another article or quantity. A delivery id stands for one delivery for ever. */
export class DeliveryClosed extends Schema.TaggedError<DeliveryClosed>(`${id}/DeliveryClosed`)("DeliveryClosed", {
  deliveryId: DeliveryId
}) {
  override get message() {
    return `${this.deliveryId} was booked with another article or quantity`
  }
}

/** There never was a reservation for this order. */
export class UnknownReservation extends Schema.TaggedError<UnknownReservation>(`${id}/UnknownReservation`)(
  "UnknownReservation",
  { orderId: OrderId }
) {
  override get message() {
    return `${this.orderId} has no reservation`
  }
}

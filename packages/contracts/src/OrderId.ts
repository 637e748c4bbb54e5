/**
 * The name of an order, chosen by whoever places it. It is the primary key of the operations that change a reservation:
 * the same order asked for twice is one order.
 */
import * as Schema from "effect/Schema"

/** 1 to 64 letters, digits, dots, dashes and underscores, starting with a letter or digit (`order-17`). */
export const OrderId = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
    expected: "an order id: 1 to 64 letters, digits, dots, dashes and underscores, as in order-17"
  })
).pipe(Schema.brand("OrderId"))
export type OrderId = typeof OrderId.Type

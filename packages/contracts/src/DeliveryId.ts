/**
 * The name of a delivery to the warehouse, as its slip says. It is the primary key of booking it: the same delivery booked
 * twice is one delivery.
 */
import * as Schema from "effect/Schema"

/** 1 to 64 letters, digits, dots, dashes and underscores, starting with a letter or digit (`delivery-17`). */
export const DeliveryId = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
    expected: "a delivery id: 1 to 64 letters, digits, dots, dashes and underscores, as in delivery-17"
  })
).pipe(Schema.brand("DeliveryId"))
export type DeliveryId = typeof DeliveryId.Type

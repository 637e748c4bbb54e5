/**
 * How many pieces of an article.
 */
import * as Schema from "effect/Schema"

/** The most pieces that one order or one delivery can have. */
export const maximum = 1_000_000

/** Pieces ordered or delivered: a whole number from 1 to 1 000 000. */
export const Quantity = Schema.Int.check(
  Schema.isBetween({ minimum: 1, maximum }, { expected: "a quantity: a whole number from 1 to 1000000" })
).pipe(Schema.brand("Quantity"))
export type Quantity = typeof Quantity.Type

/** Pieces on the shelf, or reserved: a whole number, zero included. */
export const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).pipe(Schema.brand("Count"))
export type Count = typeof Count.Type

/**
 * The handlers of the inventory contract: what each operation does with the warehouse.
 */
import { Inventory } from "@kafka-request-reply/contracts/Inventory"
import * as Effect from "effect/Effect"
import { DatabaseError } from "./DatabaseError.ts"
import { Warehouse } from "./Warehouse.ts"

// No operation declares a failure of the database as an error: the caller gets a defect at once and may retry later.
const orDie = <A, E>(effect: Effect.Effect<A, E | DatabaseError>): Effect.Effect<A, Exclude<E, DatabaseError>> =>
  Effect.catch(effect, (error) =>
    error instanceof DatabaseError ? Effect.die(error) : Effect.fail(error as Exclude<E, DatabaseError>)
  )

/** Serves every operation; needs the warehouse. */
export const layer = Inventory.toLayer(
  Effect.gen(function* () {
    const warehouse = yield* Warehouse
    return Inventory.of({
      GetStock: ({ sku }) => warehouse.stock(sku).pipe(orDie),
      Reserve: (order) => warehouse.reserve(order).pipe(orDie),
      CancelReservation: ({ orderId }) => warehouse.cancel(orderId).pipe(orDie),
      Restock: ({ sku, quantity }) => warehouse.restock(sku, quantity).pipe(orDie)
    })
  })
)

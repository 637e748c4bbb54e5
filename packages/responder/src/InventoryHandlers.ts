/**
 * The handlers of the inventory contract: what each operation does with the warehouse. Every operation may run twice, so
 * what the database cannot do at the moment may be tried again.
 */
import { Inventory } from "@kafka-request-reply/contracts/Inventory"
import * as Responder from "@kafka-request-reply/core/Responder"
import * as Effect from "effect/Effect"
import { DatabaseError } from "./DatabaseError.ts"
import { Warehouse } from "./Warehouse.ts"

// Another process holds the lock: it was waited for, and will be given back.
const retryAfter = "1 second"

const message = "the inventory's database is busy"

// No operation declares a failure of the database as an error. One that is busy has done nothing, and its callers may come
// back; anything else needs somebody.
const orReject = <A, E>(effect: Effect.Effect<A, E | DatabaseError>): Effect.Effect<A, Exclude<E, DatabaseError>> =>
  Effect.catch(effect, (error) => {
    if (!(error instanceof DatabaseError)) return Effect.fail(error as Exclude<E, DatabaseError>)
    return error.kind === "busy" ? Responder.reject("unavailable", { message, retryAfter }) : Effect.die(error)
  })

/** Serves every operation; needs the warehouse. */
export const layer = Inventory.toLayer(
  Effect.gen(function* () {
    const warehouse = yield* Warehouse
    return Inventory.of({
      GetStock: ({ sku }) => warehouse.stock(sku).pipe(orReject),
      Reserve: (order) => warehouse.reserve(order).pipe(orReject),
      CancelReservation: ({ orderId }) => warehouse.cancel(orderId).pipe(orReject),
      Restock: (delivery) => warehouse.restock(delivery).pipe(orReject)
    })
  })
)

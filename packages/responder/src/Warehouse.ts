/**
 * Stock and reservations: the rules of the inventory, as statements in its database. It knows nothing of Kafka.
 *
 * A reservation's row is also the record that makes asking twice harmless: it is written in the transaction that takes
 * the stock, holds what was answered, and is never deleted. So is a delivery's.
 */
import type { Cancellation, Reservation, Stock } from "@kafka-request-reply/contracts/Inventory"
import type { DeliveryId } from "@kafka-request-reply/contracts/DeliveryId"
import {
  DeliveryClosed,
  OrderClosed,
  OutOfStock,
  UnknownReservation,
  UnknownSku
} from "@kafka-request-reply/contracts/InventoryError"
import type { OrderId } from "@kafka-request-reply/contracts/OrderId"
import type { Count, Quantity } from "@kafka-request-reply/contracts/Quantity"
import type { Sku } from "@kafka-request-reply/contracts/Sku"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { Article } from "./Catalogue.ts"
import { Database } from "./Database.ts"
import type { DatabaseError } from "./DatabaseError.ts"
import type { DatabaseSync } from "node:sqlite"

export interface ReserveOrder {
  readonly orderId: OrderId
  readonly sku: Sku
  readonly quantity: Quantity
}

export interface Delivery {
  readonly deliveryId: DeliveryId
  readonly sku: Sku
  readonly quantity: Quantity
}

export class Warehouse extends Context.Service<
  Warehouse,
  {
    readonly stock: (sku: Sku) => Effect.Effect<Stock, UnknownSku | DatabaseError>
    readonly reserve: (
      order: ReserveOrder
    ) => Effect.Effect<Reservation, UnknownSku | OutOfStock | OrderClosed | DatabaseError>
    readonly cancel: (orderId: OrderId) => Effect.Effect<Cancellation, UnknownReservation | DatabaseError>
    readonly restock: (delivery: Delivery) => Effect.Effect<Stock, UnknownSku | DeliveryClosed | DatabaseError>
    /** How many articles and how many reservations there are. */
    readonly size: Effect.Effect<{ readonly articles: number; readonly reservations: number }, DatabaseError>
  }
>()("@kafka-request-reply/responder/Warehouse") {}

/** Fills an empty database. */
export const seed =
  (articles: ReadonlyArray<Article>) =>
  (sql: DatabaseSync): void => {
    const insert = sql.prepare("INSERT INTO article (sku, name, available) VALUES (?, ?, ?)")
    for (const { sku, name, available } of articles) insert.run(sku, name, available)
  }

interface ReservationRow {
  readonly sku: Sku
  readonly quantity: Quantity
  readonly remaining: Count
  readonly state: "reserved" | "cancelled"
}

interface DeliveryRow extends Stock {
  readonly quantity: Quantity
}

// The rows were written by this program from checked values, and the tables are STRICT: brands need no second check.
const statementsOf = (sql: DatabaseSync) => ({
  article: sql.prepare("SELECT sku, available, reserved FROM article WHERE sku = ?"),
  take: sql.prepare("UPDATE article SET available = available - ?1, reserved = reserved + ?1 WHERE sku = ?2"),
  giveBack: sql.prepare("UPDATE article SET available = available + ?1, reserved = reserved - ?1 WHERE sku = ?2"),
  add: sql.prepare("UPDATE article SET available = available + ?1 WHERE sku = ?2 RETURNING sku, available, reserved"),
  reservation: sql.prepare("SELECT sku, quantity, remaining, state FROM reservation WHERE order_id = ?"),
  record: sql.prepare(
    "INSERT INTO reservation (order_id, sku, quantity, remaining, state) VALUES (?, ?, ?, ?, 'reserved')"
  ),
  delivery: sql.prepare("SELECT sku, quantity, available, reserved FROM delivery WHERE delivery_id = ?"),
  book: sql.prepare("INSERT INTO delivery (delivery_id, sku, quantity, available, reserved) VALUES (?, ?, ?, ?, ?)"),
  cancel: sql.prepare("UPDATE reservation SET state = 'cancelled' WHERE order_id = ?"),
  size: sql.prepare("SELECT (SELECT count(*) FROM article) articles, (SELECT count(*) FROM reservation) reservations")
})

const stockOf = (row: unknown, sku: Sku): Result.Result<Stock, UnknownSku> =>
  row === undefined ? Result.fail(new UnknownSku({ sku })) : Result.succeed({ ...(row as Stock) })

/** What the inventory says of an order it has seen before. */
const answerAgain = (
  { orderId, sku, quantity }: ReserveOrder,
  before: ReservationRow
): Result.Result<Reservation, OrderClosed> =>
  before.state === "reserved" && before.sku === sku && before.quantity === quantity
    ? Result.succeed({ orderId, sku, quantity, remaining: before.remaining })
    : Result.fail(new OrderClosed({ orderId, state: before.state }))

const decided = <A, E>(answer: Effect.Effect<Result.Result<A, E>, DatabaseError>) =>
  Effect.flatMap(answer, Effect.fromResult)

export const make = Effect.gen(function* () {
  const database = yield* Database
  const statements = statementsOf(database.sql)

  const reserve = (order: ReserveOrder): Result.Result<Reservation, UnknownSku | OutOfStock | OrderClosed> => {
    const { orderId, sku, quantity } = order
    const before = statements.reservation.get(orderId) as ReservationRow | undefined
    if (before !== undefined) return answerAgain(order, before)
    return Result.flatMap(stockOf(statements.article.get(sku), sku), ({ available }) => {
      if (available < quantity) return Result.fail(new OutOfStock({ sku, requested: quantity, available }))
      const remaining = (available - quantity) as Count
      statements.take.run(quantity, sku)
      statements.record.run(orderId, sku, quantity, remaining)
      return Result.succeed({ orderId, sku, quantity, remaining })
    })
  }

  const cancel = (orderId: OrderId): Result.Result<Cancellation, UnknownReservation> => {
    const before = statements.reservation.get(orderId) as ReservationRow | undefined
    if (before === undefined) return Result.fail(new UnknownReservation({ orderId }))
    const { sku, quantity, state } = before
    if (state === "reserved") {
      statements.cancel.run(orderId)
      statements.giveBack.run(quantity, sku)
    }
    return Result.succeed({ orderId, sku, quantity })
  }

  const restock = ({ deliveryId, quantity, sku }: Delivery): Result.Result<Stock, UnknownSku | DeliveryClosed> => {
    const before = statements.delivery.get(deliveryId) as DeliveryRow | undefined
    if (before !== undefined) {
      const { available, reserved } = before
      return before.sku === sku && before.quantity === quantity
        ? Result.succeed({ sku, available, reserved })
        : Result.fail(new DeliveryClosed({ deliveryId }))
    }
    return Result.map(stockOf(statements.add.get(quantity, sku), sku), (stock) => {
      statements.book.run(deliveryId, sku, quantity, stock.available, stock.reserved)
      return stock
    })
  }

  return Warehouse.of({
    stock: (sku) => decided(database.read(() => stockOf(statements.article.get(sku), sku))),
    reserve: (order) => decided(database.transaction(() => reserve(order))),
    cancel: (orderId) => decided(database.transaction(() => cancel(orderId))),
    restock: (delivery) => decided(database.transaction(() => restock(delivery))),
    size: database.read(() => statements.size.get() as { readonly articles: number; readonly reservations: number })
  })
})

export const layer: Layer.Layer<Warehouse, never, Database> = Layer.effect(Warehouse, make)

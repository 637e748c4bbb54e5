import { DeliveryId } from "@kafka-request-reply/contracts/DeliveryId"
import { OrderId } from "@kafka-request-reply/contracts/OrderId"
import { Quantity } from "@kafka-request-reply/contracts/Quantity"
import { Sku } from "@kafka-request-reply/contracts/Sku"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Database } from "../src/Database.ts"
import { Warehouse } from "../src/Warehouse.ts"
import { article, file, warehouse } from "./support/temporaryDatabase.ts"

const tea = Sku.make("TEA-1")
const order = (orderId: string, quantity: number, sku = tea) => ({
  orderId: OrderId.make(orderId),
  sku,
  quantity: Quantity.make(quantity)
})
const delivery = (deliveryId: string, quantity: number, sku = tea) => ({
  deliveryId: DeliveryId.make(deliveryId),
  sku,
  quantity: Quantity.make(quantity)
})
const inMemory = warehouse(":memory:", [article("TEA-1", 10), article("CUP-1", 0)])

describe("Warehouse", () => {
  it.effect("takes stock once, however often the same order is asked for", () =>
    Effect.gen(function* () {
      const { reserve, stock } = yield* Warehouse
      const first = yield* reserve(order("order-1", 4))
      assert.strictEqual(first.remaining, 6)
      yield* reserve(order("order-2", 1))
      assert.deepStrictEqual(yield* reserve(order("order-1", 4)), first)
      assert.deepStrictEqual(yield* stock(tea), { sku: tea, available: 5, reserved: 5 } as never)
    }).pipe(Effect.provide(inMemory))
  )

  it.effect("answers an order id that stands for something else as closed", () =>
    Effect.gen(function* () {
      const { cancel, reserve, stock } = yield* Warehouse
      yield* reserve(order("order-1", 4))
      const other = yield* Effect.flip(reserve(order("order-1", 5)))
      assert.deepInclude(other as object, { _tag: "OrderClosed", orderId: "order-1", state: "reserved" })
      const otherSku = yield* Effect.flip(reserve(order("order-1", 4, Sku.make("CUP-1"))))
      assert.deepInclude(otherSku as object, { _tag: "OrderClosed", state: "reserved" })
      yield* cancel(OrderId.make("order-1"))
      const cancelled = yield* Effect.flip(reserve(order("order-1", 4)))
      assert.deepInclude(cancelled as object, { _tag: "OrderClosed", state: "cancelled" })
      assert.strictEqual((yield* stock(tea)).available, 10)
    }).pipe(Effect.provide(inMemory))
  )

  it.effect("gives pieces back once, and only to orders it knows", () =>
    Effect.gen(function* () {
      const { cancel, reserve, stock } = yield* Warehouse
      yield* reserve(order("order-1", 4))
      const first = yield* cancel(OrderId.make("order-1"))
      assert.deepStrictEqual(first, { orderId: "order-1", sku: "TEA-1", quantity: 4 } as never)
      assert.deepStrictEqual(yield* cancel(OrderId.make("order-1")), first)
      assert.deepStrictEqual(yield* stock(tea), { sku: tea, available: 10, reserved: 0 } as never)
      assert.strictEqual((yield* Effect.flip(cancel(OrderId.make("order-2"))))._tag, "UnknownReservation")
    }).pipe(Effect.provide(inMemory))
  )

  it.effect("adds a delivery once, however often it is booked, and knows it from another by its id", () =>
    Effect.gen(function* () {
      const { restock, stock } = yield* Warehouse
      const first = yield* restock(delivery("delivery-1", 4))
      assert.deepStrictEqual(first, { sku: tea, available: 14, reserved: 0 } as never)
      yield* restock(delivery("delivery-2", 1))
      assert.deepStrictEqual(yield* restock(delivery("delivery-1", 4)), first)
      assert.strictEqual((yield* stock(tea)).available, 15)
      assert.strictEqual((yield* Effect.flip(restock(delivery("delivery-1", 5))))._tag, "DeliveryClosed")
    }).pipe(Effect.provide(inMemory))
  )

  it.effect("says what it does not have", () =>
    Effect.gen(function* () {
      const { reserve, restock, stock } = yield* Warehouse
      const nothing = Sku.make("NOTHING")
      assert.strictEqual((yield* Effect.flip(stock(nothing)))._tag, "UnknownSku")
      assert.strictEqual((yield* Effect.flip(restock(delivery("delivery-1", 1, nothing))))._tag, "UnknownSku")
      assert.strictEqual((yield* Effect.flip(reserve(order("order-1", 1, nothing))))._tag, "UnknownSku")
      const short = yield* Effect.flip(reserve(order("order-1", 11)))
      assert.deepInclude(short as object, { _tag: "OutOfStock", requested: 11, available: 10 })
      // Nothing was recorded for the order, so it can be placed when there is stock.
      yield* restock(delivery("delivery-1", 1))
      assert.strictEqual((yield* reserve(order("order-1", 11))).remaining, 0)
    }).pipe(Effect.provide(inMemory))
  )

  it.effect("keeps everything in its file", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const path = yield* file
        const once = yield* Warehouse.use(({ reserve }) => reserve(order("order-1", 4))).pipe(
          Effect.provide(warehouse(path, [article("TEA-1", 10)]))
        )
        const again = yield* Warehouse.use(({ reserve }) => reserve(order("order-1", 4))).pipe(
          Effect.provide(warehouse(path, [article("TEA-1", 999)]))
        )
        assert.deepStrictEqual(again, once)
      })
    )
  )

  it.effect("books deliveries in a file that was written before there were any", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const path = yield* file
        const open = () => warehouse(path, [article("TEA-1", 10)])
        yield* Database.use(({ sql }) =>
          Effect.sync(() => sql.exec("DROP TABLE delivery; PRAGMA user_version = 1"))
        ).pipe(Effect.provide(open()))
        const stock = yield* Warehouse.use(({ restock }) => restock(delivery("delivery-1", 4))).pipe(
          Effect.provide(open())
        )
        assert.strictEqual(stock.available, 14)
      })
    )
  )

  // Few names, so that orders meet; quantities around the stock of 10, so that it runs out.
  const step = Schema.Union([
    Schema.Struct({
      do: Schema.Literal("reserve"),
      order: Schema.Literals(["a", "b", "c", "d"]),
      quantity: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 6 }))
    }),
    Schema.Struct({ do: Schema.Literal("cancel"), order: Schema.Literals(["a", "b", "c", "d"]) }),
    Schema.Struct({
      do: Schema.Literal("restock"),
      delivery: Schema.Literals(["a", "b", "c"]),
      quantity: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3 }))
    })
  ])

  it.effect.prop(
    "agrees with a model: stock is never negative, pieces are never lost",
    [Arbitrary.schema(Schema.Array(step))],
    ([steps]) =>
      Effect.gen(function* () {
        const { cancel, reserve, restock, stock } = yield* Warehouse
        let total = 10
        let available = 10
        const deliveries = new Map<string, number>()
        const orders = new Map<string, { readonly quantity: number; isCancelled: boolean }>()
        for (const action of steps) {
          if (action.do === "restock") {
            const known = deliveries.get(action.delivery)
            const result = yield* Effect.result(restock(delivery(action.delivery, action.quantity)))
            assert.strictEqual(Result.isSuccess(result), known === undefined || known === action.quantity)
            if (known !== undefined) continue
            deliveries.set(action.delivery, action.quantity)
            total += action.quantity
            available += action.quantity
          } else if (action.do === "cancel") {
            const known = orders.get(action.order)
            const result = yield* Effect.result(cancel(OrderId.make(action.order)))
            assert.strictEqual(Result.isSuccess(result), known !== undefined)
            if (known !== undefined && !known.isCancelled) {
              known.isCancelled = true
              available += known.quantity
            }
          } else {
            const known = orders.get(action.order)
            const expected =
              known === undefined
                ? available >= action.quantity
                  ? "success"
                  : "OutOfStock"
                : !known.isCancelled && known.quantity === action.quantity
                  ? "success"
                  : "OrderClosed"
            const result = yield* Effect.result(reserve(order(action.order, action.quantity)))
            assert.strictEqual(Result.isSuccess(result) ? "success" : result.failure._tag, expected)
            if (expected === "success" && known === undefined) {
              orders.set(action.order, { quantity: action.quantity, isCancelled: false })
              available -= action.quantity
            }
          }
          const now = yield* stock(tea)
          assert.deepStrictEqual(now as unknown, { sku: tea, available, reserved: total - available })
          assert.isAtLeast(now.available, 0)
        }
      }).pipe(Effect.provide(warehouse(":memory:", [article("TEA-1", 10)])))
  )

  it.effect("sells the last piece once when two programs share the file", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const path = yield* file
        const sell = (who: string) =>
          Effect.gen(function* () {
            const { reserve } = yield* Warehouse
            return yield* Effect.forEach(
              Array.from({ length: 20 }, (_, i) => `${who}-${i}`),
              (id) => Effect.exit(reserve(order(id, 1))),
              { concurrency: 4 }
            )
          }).pipe(Effect.provide(warehouse(path, [article("TEA-1", 10)]), { local: true }))
        const results = yield* Effect.all([sell("left"), sell("right")], { concurrency: 2 })
        assert.strictEqual(results.flat().filter(Exit.isSuccess).length, 10)
      })
    )
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { Order } from "../src/Order.ts"
import { OrdersUnreadable, type OrderLines } from "../src/OrderLines.ts"
import * as Run from "../src/Run.ts"
import { recordedScreen } from "./support/recordedScreen.ts"

const linesOf = (...texts: ReadonlyArray<string>): OrderLines => ({
  name: "test",
  size: undefined,
  lines: Stream.fromIterable(texts.map((text, i) => ({ number: i + 1, text, bytes: text.length + 1 })))
})
const order = (orderId: string, quantity = 1) => JSON.stringify({ orderId, sku: "TEA-1", quantity })

const options = (orders: OrderLines, reserve: (order: Order) => Effect.Effect<number, unknown>) => ({
  orders,
  reserve,
  say: (left: number) => `${left} left`,
  concurrency: 2,
  drainMillis: 3000,
  linesPerSecond: 1
})

const countsOf = (result: Run.RunResult) => Object.fromEntries(result.outcomes.map(({ count, name }) => [name, count]))

const reserveOne = ({ quantity }: Order) =>
  quantity === 1 ? Effect.succeed(7) : Effect.fail({ _tag: "OutOfStock", message: "none left" })

describe("Run", () => {
  it.effect("sends what is an order, reports what is none, and counts", () =>
    Effect.gen(function* () {
      const { layer, written } = recordedScreen()
      const orders = linesOf(order("a"), "  ", "nonsense", order("b", 2), order("c"))
      const result = yield* Effect.provide(Run.run(options(orders, reserveOne)), layer)
      assert.deepStrictEqual(countsOf(result), { success: 2, OutOfStock: 1 })
      assert.deepInclude(result, { calls: 3, malformedLines: 1, isStopped: false })
      assert.isFalse(Run.hasFailures(result))
      assert.strictEqual(result.latency.summary()?.count, 3)
      assert.lengthOf(written.complaint, 1)
      assert.match(written.complaint[0]!, /^line 3 is no order: not JSON/)
      // One line may be shown a second; the others are summed up.
      assert.match(written.course[0]!, /^a .*success/)
      assert.match(written.course[1]!, /^2 more: Reserve 1 OutOfStock, 1 success/)
    })
  )

  it.effect("keeps as many calls under way as it may, and no more", () =>
    Effect.gen(function* () {
      const { layer } = recordedScreen()
      let running = 0
      let most = 0
      const reserve = () =>
        Effect.gen(function* () {
          most = Math.max(most, ++running)
          yield* Effect.sleep("100 millis")
          running--
          return 1
        })
      const orders = linesOf(...Array.from({ length: 10 }, (_, i) => order(`o-${i}`)))
      const fiber = yield* Effect.forkChild(Effect.provide(Run.run(options(orders, reserve)), layer))
      yield* TestClock.adjust("600 millis")
      const result = yield* Fiber.join(fiber)
      assert.strictEqual(most, 2)
      assert.strictEqual(result.seconds, 0.5)
    })
  )

  it.effect("stops at an interruption: no further orders, answers under way are waited for, the rest is given up", () =>
    Effect.gen(function* () {
      const { layer, written } = recordedScreen()
      const isFirstUnderWay = yield* Deferred.make<void>()
      const asked: Array<string> = []
      const reserve = ({ orderId }: Order) =>
        Effect.gen(function* () {
          asked.push(orderId)
          if (asked.length === 2) yield* Deferred.succeed(isFirstUnderWay, undefined)
          // The first is answered while the stop waits, the second never.
          yield* orderId === "o-0" ? Effect.sleep("2 seconds") : Effect.never
          return 1
        })
      const orders = linesOf(...Array.from({ length: 10 }, (_, i) => order(`o-${i}`)))
      const done = yield* Deferred.make<Run.RunResult>()
      const fiber = yield* Effect.forkChild(
        Run.run(options(orders, reserve)).pipe(
          Effect.flatMap((result) => Deferred.succeed(done, result)),
          Effect.uninterruptible,
          Effect.provide(layer)
        )
      )
      yield* Deferred.await(isFirstUnderWay)
      const stopping = yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(stopping)
      const result = yield* Deferred.await(done)
      assert.deepStrictEqual(asked.toSorted(), ["o-0", "o-1"])
      assert.deepStrictEqual(countsOf(result), { success: 1, stopped: 1 })
      assert.isTrue(result.isStopped)
      assert.deepStrictEqual(written.complaint.slice(-1), ["stopping: waiting up to 3 s for 2 answers"])
    })
  )

  it.effect("fails when the orders cannot be read to their end", () =>
    Effect.gen(function* () {
      const { layer } = recordedScreen()
      const error = new OrdersUnreadable({ file: "orders", detail: "disk error" })
      const broken: OrderLines = { ...linesOf(), lines: Stream.concat(linesOf(order("a")).lines, Stream.fail(error)) }
      const exit = yield* Effect.exit(Effect.provide(Run.run(options(broken, () => Effect.succeed(1))), layer))
      assert.deepStrictEqual(exit, Exit.fail(error))
    })
  )

  it.effect("does not say that nobody answers because the first order came late", () =>
    Effect.gen(function* () {
      const { layer, written } = recordedScreen()
      const early = linesOf(order("a"))
      const late = { ...early, lines: Stream.concat(Stream.fromEffectDrain(Effect.sleep("2900 millis")), early.lines) }
      const running = Run.run(options(late, () => Effect.delay(Effect.succeed(1), "200 millis")))
      const fiber = yield* Effect.forkChild(Effect.provide(running, layer))
      yield* TestClock.adjust("11 seconds")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(written.complaint, [])
    })
  )

  it.effect("says so when nobody answers", () =>
    Effect.gen(function* () {
      const { layer, written } = recordedScreen()
      const fiber = yield* Effect.forkChild(
        Effect.provide(
          Run.run(options(linesOf(order("a")), () => Effect.delay(Effect.succeed(1), "10 seconds"))),
          layer
        )
      )
      yield* TestClock.adjust("11 seconds")
      yield* Fiber.join(fiber)
      assert.strictEqual(written.complaint.filter((line) => line.startsWith("no answer yet")).length, 1)
    })
  )
})

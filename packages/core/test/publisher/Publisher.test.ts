import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { EventLoop } from "../../src/host/EventLoop.ts"
import { big, key, lost, start } from "./TestPublisher.ts"
import { acknowledge, fail, indexes, Item, items, turns } from "./ScriptedLink.ts"

describe("Publisher", () => {
  it.effect("sends what was offered in one turn as one batch, and tells the acknowledgement once", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      const all = items(3)
      offer(all)
      assert.strictEqual(link.untaken, 0)
      const sent = yield* link.next
      assert.deepStrictEqual(indexes(sent.batch), [0, 1, 2])
      assert.deepStrictEqual(
        all.map(({ delivery }) => delivery),
        ["unknown", "unknown", "unknown"]
      )
      acknowledge(sent)
      yield* turns
      for (const item of all) assert.deepStrictEqual([item.told, item.delivery], [["acknowledged"], "acknowledged"])
    })
  )

  it.effect("keeps batches within their limits; a larger single record travels alone", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start({ maxBatchRecords: 3, maxBatchBytes: 1_000, maxBatchesInFlight: 10 })
      offer([...items(4), big(4, 700), big(5, 700), big(6, 5_000), big(7, 100)])
      const sizes: Array<ReadonlyArray<number>> = []
      for (let count = 0; count < 5; count++) sizes.push(indexes((yield* link.next).batch))
      assert.deepStrictEqual(sizes, [[0, 1, 2], [3, 4], [5], [6], [7]])
    })
  )

  it.effect("has at most four batches in flight per leader, handed over in turns of their own", () =>
    Effect.gen(function* () {
      let turn = 0
      const counting: EventLoop = {
        nextTurn: (callback) =>
          void setImmediate(() => {
            turn++
            callback()
          })
      }
      const { link, offer } = yield* Effect.provideService(start({ maxBatchRecords: 1 }), EventLoop, counting)
      const at: Array<number> = []
      link.onSend = () => at.push(turn)
      offer(items(10))
      yield* turns
      assert.strictEqual(link.open.size, 4)
      assert.strictEqual(new Set(at).size, 4)
      acknowledge(yield* link.next)
      yield* turns
      assert.strictEqual(link.open.size, 4)
      assert.strictEqual(at.length, 5)
    })
  )

  it.effect("a frozen leader holds up no other", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start({ maxBatchRecords: 1 })
      link.leaders = (partition) => partition
      offer(items(8, { partition: 0 }))
      yield* turns
      const healthy = items(6, { partition: 1 }, 8)
      offer(healthy)
      for (let index = 0; index < 10; index++) {
        const sent = yield* link.next
        if (sent.leader === 1) acknowledge(sent)
      }
      yield* turns
      assert.deepStrictEqual(
        healthy.map(({ told }) => told[0]),
        Array(6).fill("acknowledged")
      )
    })
  )

  it.effect("a frozen leader holds up no other, whatever the key: order is kept within a partition", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      link.leaders = (partition) => partition
      offer([new Item(0, key("a"))])
      assert.strictEqual((yield* link.next).leader, 0)
      const retry = new Item(1, { ...key("a"), partition: 1 })
      offer([retry])
      yield* turns
      assert.strictEqual(link.untaken, 1)
      acknowledge(yield* link.next)
      yield* turns
      assert.deepStrictEqual(retry.told, ["acknowledged"])
    })
  )

  it.effect("holds a record back while its key is in flight, and sends it after the resend", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start({ maxBatchRecords: 2 })
      offer([new Item(0, key("a")), new Item(1, key("b")), new Item(2, key("a")), new Item(3, key("c"))])
      const first = yield* link.next
      const second = yield* link.next
      assert.deepStrictEqual([indexes(first.batch), indexes(second.batch)], [[0, 1], [3]])
      fail(first, lost)
      acknowledge(second)
      yield* turns
      assert.strictEqual(link.untaken, 0)
      yield* TestClock.adjust("100 millis")
      const again = yield* link.next
      assert.deepStrictEqual(indexes(again.batch), [0, 1])
      acknowledge(again)
      assert.deepStrictEqual(indexes((yield* link.next).batch), [2])
    })
  )

  it.effect("does not send what was abandoned, and tells the abandoned nothing", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      const all = items(3)
      offer(all)
      all[0]!.abandoned = true
      const sent = yield* link.next
      assert.deepStrictEqual(indexes(sent.batch), [1, 2])
      all[1]!.abandoned = true
      acknowledge(sent)
      yield* turns
      assert.deepStrictEqual(
        all.map(({ told }) => told),
        [[], [], ["acknowledged"]]
      )
    })
  )

  it.effect("closing tells everyone, wherever they wait, and later offers too", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { link, offer } = yield* Scope.provide(start({ maxBatchesInFlight: 2 }), scope)
      const handedOver = new Item(0, key("a"))
      offer([handedOver])
      yield* link.next
      const gated = new Item(1, key("a"))
      offer([gated])
      yield* turns
      offer(items(1, {}, 2))
      yield* link.next
      const queued = new Item(3)
      offer([queued])
      yield* turns
      yield* Scope.close(scope, Exit.void)
      const late = new Item(4)
      offer([late])
      assert.deepStrictEqual(late.told, [])
      yield* turns
      for (const item of [handedOver, gated, queued, late]) assert.deepStrictEqual(item.told, ["TransportClosed"])
      assert.deepStrictEqual(
        [handedOver.delivery, gated.delivery, queued.delivery],
        ["unknown", "not-sent", "not-sent"]
      )
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { key, start } from "./TestPublisher.ts"
import { acknowledge, Item, turns } from "./ScriptedLink.ts"

describe("records that wait for a key in flight", () => {
  it.effect("are refused when their time is up and forgotten when abandoned, though the broker says nothing", () =>
    Effect.gen(function* () {
      const { inMillis, link, offer } = yield* start()
      const first = new Item(0, key("a"))
      offer([first])
      yield* link.next
      const late = new Item(1, key("a"), inMillis(100))
      const abandoned = new Item(2, key("a"))
      offer([late, abandoned])
      yield* turns
      abandoned.abandoned = true
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(late.told, ["NoAnswer"])
      assert.deepStrictEqual(first.told, [])
    })
  )

  it.effect("are refused in time again after nothing has waited for a while", () =>
    Effect.gen(function* () {
      const { inMillis, link, offer } = yield* start({ sendTimeout: "10 seconds" })
      for (let round = 0; round < 2; round++) {
        offer([new Item(0, key("a"))])
        const sent = yield* link.next
        const late = new Item(1, key("a"), inMillis(100))
        offer([late])
        yield* turns
        yield* TestClock.adjust("2 seconds")
        assert.deepStrictEqual(late.told, ["NoAnswer"])
        acknowledge(sent)
        yield* turns
        yield* TestClock.adjust("2 seconds")
      }
    })
  )
})

describe("a look for leaders", () => {
  it.effect("that dies is made again", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      let isBroken = true
      link.leaders = () => (isBroken ? -1 : 0)
      link.onRefresh = () => {
        if (link.refreshes === 1) throw new Error("a bug in the driver")
        isBroken = false
      }
      const item = new Item(0)
      offer([item])
      for (let i = 0; i < 5; i++) {
        yield* turns
        yield* TestClock.adjust("1 second")
      }
      yield* turns
      assert.strictEqual(link.open.size, 1)
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as TestClock from "effect/testing/TestClock"
import { key, lost, start } from "./TestPublisher.ts"
import { acknowledge, fail, Item, turns } from "./ScriptedLink.ts"

describe("P1/send: an owner that throws", () => {
  class Throwing extends Item {
    override onAcknowledged(): void {
      throw new Error("a bug in the owner")
    }
    override onRefused(): void {
      throw new Error("a bug in the owner")
    }
  }

  it.effect("keeps nobody from hearing, and no key closed", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      const all = [new Throwing(0, key("a")), new Item(1, key("a")), new Throwing(2), new Item(3)]
      offer(all)
      acknowledge(yield* link.next)
      yield* turns
      assert.deepStrictEqual([all[1]!.told, all[3]!.told], [["acknowledged"], ["acknowledged"]])
      const later = new Item(4, key("a"))
      offer([later])
      acknowledge(yield* link.next)
      yield* turns
      assert.deepStrictEqual(later.told, ["acknowledged"])
    })
  )

  it.effect("when its time is up or its impatience is told ends neither time nor looks", () =>
    Effect.gen(function* () {
      const { inMillis, link, offer } = yield* start()
      link.onSend = (sent) => fail(sent, lost)
      link.leaders = (partition) => (partition === 5 ? -1 : 0)
      offer([new Throwing(0, {}, inMillis(100)), new Throwing(1, { partition: 5 }, Number.POSITIVE_INFINITY, false)])
      yield* TestClock.adjust("3 seconds")
      yield* turns
      link.onSend = acknowledge
      link.leaders = () => 0
      const [late, led] = [new Item(2, {}, inMillis(60_000)), new Item(3, { partition: 5 }, inMillis(60_000))]
      offer([late, led])
      yield* TestClock.adjust("1 second")
      yield* turns
      assert.deepStrictEqual([late.told, led.told], [["acknowledged"], ["acknowledged"]])
    })
  )

  it.effect("may offer more while it is told", () =>
    Effect.gen(function* () {
      const { link, publisher } = yield* start()
      const heard = Deferred.makeUnsafe<void>()
      const next = new (class extends Item {
        override onAcknowledged(): void {
          super.onAcknowledged()
          Deferred.doneUnsafe(heard, Exit.void)
        }
      })(1)
      const first = new (class extends Item {
        override onAcknowledged(): void {
          publisher.offer(next)
        }
      })(0)
      publisher.offer(first)
      acknowledge(yield* link.next)
      acknowledge(yield* link.next)
      yield* Deferred.await(heard)
      assert.deepStrictEqual(next.told, ["acknowledged"])
    })
  )
})

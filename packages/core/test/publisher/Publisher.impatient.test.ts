import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { because, Unavailable } from "../../src/kafka/TransportError.ts"
import * as Verdict from "../../src/kafka/Verdict.ts"
import { impatient, lost, start, tooFewReplicas } from "./TestPublisher.ts"
import { acknowledge, fail, Item, items, judge, turns } from "./ScriptedLink.ts"

describe("Publisher, for records that do not wait", () => {
  it.effect("refuses them while the leader rests, and lets the next one try", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      offer(items(1))
      const down = because(new Unavailable({ code: "BROKER_NOT_AVAILABLE", detail: "" }))
      fail(yield* link.next, Verdict.notWritten(down))
      yield* turns
      const early = impatient(1)
      offer([early])
      yield* turns
      assert.deepStrictEqual([early.told, early.delivery], [["Unavailable"], "not-sent"])
      yield* TestClock.adjust("100 millis")
      acknowledge(yield* link.next)
      yield* turns
      const late = impatient(2)
      offer([late])
      acknowledge(yield* link.next)
      yield* turns
      assert.deepStrictEqual(late.told, ["acknowledged"])
    })
  )

  it.effect("what one partition is refused is nothing against the others of its leader", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start({ maxBatchesInFlight: 1 })
      offer([new Item(0, { partition: 1 })])
      const sent = yield* link.next
      const queued = [impatient(1, 0), impatient(2, 1)]
      offer(queued)
      judge(sent, () => tooFewReplicas)
      yield* turns
      const later = [impatient(3, 0), impatient(4, 1)]
      offer(later)
      yield* turns
      assert.deepStrictEqual(
        [...queued, ...later].map(({ told }) => told),
        [[], ["Unavailable"], [], ["Unavailable"]]
      )
      // The healthy partition did not wait for the other one's rest.
      acknowledge(yield* link.next)
      acknowledge(yield* link.next)
      yield* turns
      assert.deepStrictEqual([queued[0]!.told, later[0]!.told], [["acknowledged"], ["acknowledged"]])
    })
  )

  it.effect("notices that the leader is gone while one of its partitions is waited for", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start({ maxBatchesInFlight: 2 })
      offer([new Item(0, { partition: 1 })])
      const first = yield* link.next
      offer([new Item(1, { partition: 2 })])
      const second = yield* link.next
      judge(first, () => tooFewReplicas)
      yield* turns
      offer([new Item(5, { partition: 3 })])
      yield* turns
      const before = impatient(2, 0)
      offer([before])
      yield* turns
      assert.deepStrictEqual(before.told, [])
      fail(second, lost)
      yield* turns
      const after = [impatient(3, 0), impatient(4, 1)]
      offer(after)
      yield* turns
      assert.deepStrictEqual(
        [before, ...after].map(({ told }) => told),
        [["NoAnswer"], ["NoAnswer"], ["Unavailable"]]
      )
    })
  )

  it.effect("who does not wait finds out by itself that a leader is back", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      link.leaders = () => -1
      const early = impatient(0)
      offer([early])
      yield* turns
      yield* TestClock.adjust("1 second")
      yield* turns
      assert.deepStrictEqual(early.told, ["Unavailable"])
      link.onRefresh = () => (link.leaders = () => 0)
      const late = impatient(1)
      offer([late])
      yield* turns
      yield* TestClock.adjust("1 second")
      acknowledge(yield* link.next)
      yield* turns
      assert.deepStrictEqual(late.told, ["acknowledged"])
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import * as Publisher from "../../src/publisher/Publisher.ts"
import * as Verdict from "../../src/kafka/Verdict.ts"
import { big, impatient, key, moved, refusedConnection, start, tooFewReplicas } from "./TestPublisher.ts"
import { acknowledge, fail, indexes, Item, items, judge, ScriptedLink, type Sent, turns } from "./ScriptedLink.ts"

/** The broker refuses one partition and takes the others. */
const refusing =
  (refused: number, verdict: Verdict.Verdict = tooFewReplicas) =>
  (sent: Sent): void =>
    judge(sent, (partition) => (partition === refused ? verdict : Verdict.written))

describe("P11/partition: one that is refused", () => {
  it.effect("slows none of its leader's others: they are written while the clock stands still", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      link.onSend = refusing(1)
      const stuck = new Item(0, { partition: 1 })
      offer([stuck])
      yield* turns
      for (let index = 1; index <= 50; index++) {
        const item = new Item(index, { partition: 0 })
        offer([item, new Item(100 + index, { partition: 1 })])
        yield* turns
        assert.deepStrictEqual(item.told, ["acknowledged"])
      }
      assert.deepStrictEqual(stuck.told, [])
    })
  )

  it.effect("is tried again by itself, a little later each time, and goes on when it is taken", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      let tries = 0
      link.onSend = (sent) => {
        tries++
        refusing(1)(sent)
      }
      const item = new Item(0, { partition: 1 })
      offer([item])
      for (let tenths = 0; tenths < 20; tenths++) {
        yield* turns
        yield* TestClock.adjust("100 millis")
      }
      assert.isTrue(tries >= 6 && tries <= 14, `${tries} tries in 2 s`)
      link.onSend = acknowledge
      yield* TestClock.adjust("300 millis")
      yield* turns
      assert.deepStrictEqual(item.told, ["acknowledged"])
    })
  )

  it.effect("is not waited for by a look at the metadata that hangs: the others are sent beside it", () =>
    Effect.gen(function* () {
      class HangingLink extends ScriptedLink {
        override readonly refresh = Effect.never
      }
      const link = new HangingLink()
      const publisher = yield* Publisher.make(link)
      link.onSend = refusing(1, moved)
      publisher.offer(new Item(0, { partition: 1 }))
      yield* turns
      yield* TestClock.adjust("60 millis")
      const healthy = new Item(1)
      publisher.offer(healthy)
      yield* turns
      assert.deepStrictEqual(healthy.told, ["acknowledged"])
      // It is tried again itself, too, though nobody knows whether its leader moved.
      link.onSend = acknowledge
      const again = new Item(2, { partition: 1 })
      publisher.offer(again)
      yield* TestClock.adjust("300 millis")
      yield* turns
      assert.deepStrictEqual(again.told, ["acknowledged"])
    })
  )

  it.effect("keeps the order of its keys, whatever comes while it rests", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start({ maxBatchRecords: 2 })
      const log: Array<number> = []
      let refusals = 3
      link.onSend = (sent) => {
        const isRefused = sent.batch.some(({ partition }) => partition === 1) && refusals-- > 0
        if (!isRefused) log.push(...indexes(sent.batch))
        judge(sent, () => (isRefused ? tooFewReplicas : Verdict.written))
      }
      for (let index = 0; index < 8; index++) {
        offer([new Item(index, { ...key(`k${index % 2}`), partition: 1 })])
        yield* turns
        yield* TestClock.adjust("40 millis")
      }
      yield* TestClock.adjust("2 seconds")
      yield* turns
      for (const parity of [0, 1]) {
        const mine = log.filter((index) => index % 2 === parity)
        assert.deepStrictEqual(
          mine,
          [0, 2, 4, 6].map((index) => index + parity)
        )
      }
    })
  )
})

describe("P11/partition: those of a leader", () => {
  it.effect("share its requests in turn, however much waits for one of them", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start({ maxBatchRecords: 4, maxBatchesInFlight: 1 })
      offer(items(20, { partition: 0 }))
      offer(items(2, { partition: 1 }, 20))
      offer(items(2, { partition: 2 }, 22))
      const first = yield* link.next
      assert.deepStrictEqual(indexes(first.batch), [0, 1, 2, 3])
      acknowledge(first)
      const second = yield* link.next
      assert.deepStrictEqual(indexes(second.batch), [20, 21, 22, 23])
      acknowledge(second)
      assert.deepStrictEqual(indexes((yield* link.next).batch), [4, 5, 6, 7])
    })
  )

  it.effect("rest together when the leader cannot be reached, and their impatient records are told so", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      link.leaders = (partition) => (partition === 3 ? 1 : 0)
      link.onSend = (sent) => (sent.leader === 0 ? fail(sent, refusedConnection) : acknowledge(sent))
      const first = new Item(0, { partition: 0 })
      offer([first])
      yield* turns
      const [other, elsewhere] = [impatient(1, 1), impatient(2, 3)]
      offer([other, elsewhere])
      yield* turns
      assert.deepStrictEqual([other.told, elsewhere.told], [["Unreachable"], ["acknowledged"]])
      assert.deepStrictEqual([first.delivery, other.delivery], ["not-sent", "not-sent"])
    })
  )

  it.effect("have bytes in flight within a bound, however large single records are", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start({ maxBatchBytes: 1_000, maxBatchesInFlight: 3 })
      offer(Array.from({ length: 6 }, (_, index) => big(index, 2_000)))
      yield* turns
      // The second goes beyond three times a batch, so the third waits.
      assert.strictEqual(link.open.size, 2)
    })
  )
})

describe("P11/partition: a leader that is silent", () => {
  it.effect("is asked about after a second, and what it has is sent to its successor", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      link.onRefresh = () => (link.leaders = () => 1)
      const item = new Item(0, key("a"))
      offer([item])
      assert.strictEqual((yield* link.next).leader, 0)
      yield* TestClock.adjust("900 millis")
      yield* turns
      assert.strictEqual(link.refreshes, 0)
      yield* TestClock.adjust("200 millis")
      const again = yield* link.next
      assert.strictEqual(again.leader, 1)
      assert.strictEqual(item.delivery, "unknown")
      acknowledge(again)
      yield* turns
      assert.deepStrictEqual([item.told, item.isUnclear], [["acknowledged"], true])
    })
  )

  it.effect("is left in peace while it answers something else", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      offer([new Item(0, { partition: 0 })])
      yield* link.next
      for (let index = 1; index < 6; index++) {
        yield* TestClock.adjust("500 millis")
        offer([new Item(index, { partition: 1 })])
        acknowledge(yield* link.next)
        yield* turns
      }
      assert.strictEqual(link.refreshes, 0)
    })
  )
})

describe("P4/certainty: a broker that asks to be left alone", () => {
  it.effect("gets nothing meanwhile, and what waits is certainly not written when its time is up", () =>
    Effect.gen(function* () {
      const { inMillis, link, offer } = yield* start()
      offer([new Item(0)])
      judge(yield* link.next, () => Verdict.written, 3_000)
      yield* turns
      const late = new Item(1, {}, inMillis(1_000))
      const patient = new Item(2)
      offer([late, patient])
      yield* turns
      yield* TestClock.adjust("2900 millis")
      yield* turns
      assert.strictEqual(link.untaken, 0)
      assert.deepStrictEqual([late.told, late.delivery], [["Unavailable"], "not-sent"])
      assert.include(String(late.lastError?.message), "THROTTLED")
      yield* TestClock.adjust("100 millis")
      assert.deepStrictEqual(indexes((yield* link.next).batch), [2])
      assert.strictEqual(link.refreshes, 0)
    })
  )

  it.effect("is not taken for silent: requests under way have their time after the quiet", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start({ sendTimeout: "1 second", maxBatchRecords: 1 })
      const all = items(2)
      offer(all)
      const first = yield* link.next
      const second = yield* link.next
      judge(first, () => Verdict.written, 8_000)
      yield* turns
      yield* TestClock.adjust("8900 millis")
      yield* turns
      assert.strictEqual(link.refreshes, 0)
      acknowledge(second)
      yield* turns
      assert.deepStrictEqual([all[1]!.told, all[1]!.isUnclear], [["acknowledged"], false])
    })
  )
})

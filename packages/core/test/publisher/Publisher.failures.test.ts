import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Verdict from "../../src/kafka/Verdict.ts"
import * as TestClock from "effect/testing/TestClock"
import {
  because,
  NoSuchTopic,
  NotAuthorized,
  Refused,
  TooLarge,
  Unacknowledged
} from "../../src/kafka/TransportError.ts"
import { key, lost, moved, start } from "./TestPublisher.ts"
import { acknowledge, fail, indexes, Item, items, judge, topic, turns } from "./ScriptedLink.ts"

describe("Publisher, when Kafka fails", () => {
  it.effect("resends a partition the broker did not speak of", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      const all = [new Item(0, { partition: 0 }), new Item(1, { partition: 1 })]
      offer(all)
      const sent = yield* link.next
      const passedOver = Verdict.unknown(because(new Unacknowledged({ topic, partition: 0 })))
      judge(sent, (partition) => (partition === 1 ? Verdict.written : passedOver))
      yield* turns
      assert.deepStrictEqual([all[0]!.told, all[1]!.told], [[], ["acknowledged"]])
      assert.isTrue(all[0]!.isUnclear)
      yield* TestClock.adjust("100 millis")
      const again = yield* link.next
      assert.deepStrictEqual(indexes(again.batch), [0])
    })
  )

  it.effect("finds the record that a broker refuses, and the others are written", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      const all = items(8)
      offer(all)
      const tooLarge = because(new TooLarge({ topic, detail: "" }))
      for (let answered = 0; answered < 8 && all.some(({ told }) => told.length === 0); answered++) {
        const sent = yield* link.next
        if (sent.batch.includes(all[5]!)) judge(sent, () => Verdict.ofRefusal(tooLarge))
        else acknowledge(sent)
        yield* turns
      }
      assert.deepStrictEqual(
        all.map(({ told }) => told),
        all.map(({ index }) => [index === 5 ? "TooLarge" : "acknowledged"])
      )
      assert.strictEqual(all[5]!.delivery, "not-sent")
    })
  )

  it.effect("does not look for a guilty record when all of the partition are refused for what they share", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      const all = items(8)
      offer(all)
      const notAuthorized = because(new NotAuthorized({ code: "TOPIC_AUTHORIZATION_FAILED", detail: "" }))
      judge(yield* link.next, () => Verdict.ofRefusal(notAuthorized))
      yield* turns
      assert.strictEqual(link.untaken, 0)
      assert.deepStrictEqual(
        all.map(({ told }) => told),
        all.map(() => ["NotAuthorized"])
      )
    })
  )

  it.effect("a refusal after an unclear hand-over does not claim that nothing was written", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      const [item] = items(1)
      offer([item!])
      fail(yield* link.next, lost)
      yield* turns
      yield* TestClock.adjust("100 millis")
      judge(yield* link.next, () => Verdict.ofRefusal(because(new Refused({ code: "INVALID_RECORD", detail: "" }))))
      yield* turns
      assert.deepStrictEqual([item!.told, item!.delivery, item!.isUnclear], [["Refused"], "unknown", true])
    })
  )

  it.effect("tries again until the deadline, and then says why it failed", () =>
    Effect.gen(function* () {
      const { inMillis, link, offer } = yield* start()
      link.onSend = (sent) => fail(sent, moved)
      const failing = new Item(0, {}, inMillis(2_000))
      offer([failing])
      for (let tenths = 0; tenths < 40; tenths++) {
        yield* turns
        yield* TestClock.adjust("100 millis")
      }
      assert.deepStrictEqual(failing.told, ["Unavailable"])
      // 50 ms after the first failure, then 100, 200 and 250 ms apart: about ten tries, not thousands.
      assert.isTrue(link.untaken >= 6 && link.untaken <= 14, `${link.untaken} tries`)
    })
  )

  it.effect("refuses what is past its deadline behind a frozen leader and behind its key", () =>
    Effect.gen(function* () {
      const { inMillis, link, offer } = yield* start({ maxBatchesInFlight: 2 })
      const frozen = new Item(0, key("a"), inMillis(60_000))
      offer([frozen])
      yield* link.next
      const gated = new Item(1, key("a"), inMillis(1_500))
      offer([gated])
      yield* turns
      offer([new Item(2, {}, inMillis(60_000))])
      yield* link.next
      const queued = new Item(3, {}, inMillis(1_500))
      offer([queued])
      yield* TestClock.adjust("3 seconds")
      yield* turns
      assert.deepStrictEqual([gated.told, queued.told, frozen.told], [["NoAnswer"], ["NoAnswer"], []])
      assert.deepStrictEqual([gated.delivery, queued.delivery], ["not-sent", "not-sent"])
    })
  )

  it.effect("looks for a leader at once when the last look was long ago", () =>
    Effect.gen(function* () {
      const { inMillis, link, offer } = yield* start()
      link.leaders = () => -1
      const missed = new Item(0, {}, inMillis(3_000))
      offer([missed])
      for (let seconds = 0; seconds < 10; seconds++) {
        yield* turns
        yield* TestClock.adjust("1 second")
      }
      assert.deepStrictEqual(missed.told, ["Unavailable"])
      link.onRefresh = () => (link.leaders = () => 0)
      const next = new Item(1, {}, inMillis(100))
      offer([next])
      link.onSend = acknowledge
      yield* turns
      yield* TestClock.adjust("1 millis")
      yield* turns
      assert.deepStrictEqual(next.told, ["acknowledged"])
    })
  )

  it.effect("does not look for a leader more often the more records come for it", () =>
    Effect.gen(function* () {
      const { inMillis, link, offer } = yield* start()
      link.leaders = () => -1
      for (let millis = 0; millis < 2_000; millis += 10) {
        offer([new Item(millis, {}, inMillis(5))])
        yield* turns
        yield* TestClock.adjust("10 millis")
      }
      // 0, 100, 200 and then 250 ms apart, as for a record that waits.
      assert.isTrue(link.refreshes >= 6 && link.refreshes <= 16, `${link.refreshes} looks`)
    })
  )

  it.effect("settles a batch that the driver never answers, and sends it again", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start({ sendTimeout: "1 second" })
      const [item] = items(1)
      offer([item!])
      yield* link.next
      yield* TestClock.adjust("2 seconds")
      yield* TestClock.adjust("100 millis")
      const again = yield* link.next
      assert.isTrue(item!.isUnclear)
      acknowledge(again)
      yield* turns
      assert.deepStrictEqual(item!.told, ["acknowledged"])
    })
  )

  it.effect("survives a defect of the driver", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      const [item] = items(1)
      offer([item!])
      ;(yield* link.next).answer(Exit.die(new Error("a bug")))
      yield* turns
      assert.deepStrictEqual([item!.told, item!.isUnclear, item!.lastError?.reason._tag], [[], true, "Unrecognised"])
      yield* TestClock.adjust("100 millis")
      acknowledge(yield* link.next)
      yield* turns
      assert.deepStrictEqual(item!.told, ["acknowledged"])
    })
  )

  it.effect("follows a leader that moved, and keeps the order", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start({ maxBatchRecords: 2, maxBatchesInFlight: 1 })
      link.onRefresh = () => (link.leaders = () => 1)
      offer(items(5, key("a")))
      const first = yield* link.next
      assert.strictEqual(first.leader, 0)
      fail(first, moved)
      yield* turns
      offer(items(1, key("a"), 5))
      yield* TestClock.adjust("100 millis")
      const seen: Array<number> = []
      for (let batch = 0; batch < 3; batch++) {
        const sent = yield* link.next
        assert.strictEqual(sent.leader, 1)
        seen.push(...indexes(sent.batch))
        acknowledge(sent)
      }
      assert.deepStrictEqual(seen, [0, 1, 2, 3, 4, 5])
    })
  )

  it.effect("a partition that has lost its leader holds up none of those that still have it", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      const gone = new Item(0, { partition: 1 })
      offer([gone])
      const first = yield* link.next
      link.onRefresh = () => link.partitionCounts.set(topic, 1)
      judge(first, () => Verdict.ofRefusal(because(new NoSuchTopic({ topic }))))
      yield* turns
      yield* TestClock.adjust("100 millis")
      yield* turns
      assert.deepStrictEqual([gone.told, gone.delivery], [["NoSuchPartition"], "not-sent"])
      offer([new Item(1, { partition: 1 }), new Item(2)])
      assert.deepStrictEqual(indexes((yield* link.next).batch), [2])
    })
  )

  it.effect("looks for an unknown leader at once", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      link.leaders = () => -1
      link.onRefresh = () => (link.leaders = () => 2)
      offer(items(1))
      yield* turns
      yield* TestClock.adjust(0)
      assert.strictEqual((yield* link.next).leader, 2)
      assert.strictEqual(link.refreshes, 1)
    })
  )

  it.effect("refuses a partition that does not exist at once, and waits for a topic that may come", () =>
    Effect.gen(function* () {
      const { inMillis, offer } = yield* start()
      const nowhere = new Item(0, { partition: 99 })
      const early = new Item(1, { topic: "not-yet" }, inMillis(1_500))
      offer([nowhere, early])
      yield* turns
      yield* TestClock.adjust(0)
      yield* turns
      assert.deepStrictEqual([nowhere.told, nowhere.delivery, early.told], [["NoSuchPartition"], "not-sent", []])
      yield* TestClock.adjust("3 seconds")
      yield* turns
      assert.deepStrictEqual([early.told, early.delivery], [["NoSuchTopic"], "not-sent"])
    })
  )
})

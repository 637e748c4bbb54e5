import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import * as Publisher from "../../src/publisher/Publisher.ts"
import { impatient } from "./TestPublisher.ts"
import { acknowledge, Item, ScriptedLink, turns } from "./ScriptedLink.ts"

/** Has no leader at all. */
const leaderless = 7

/** Knows the leader of what was asked for before a look began. */
class LookingLink extends ScriptedLink {
  readonly gate = Deferred.makeUnsafe<void>()
  /** How long it takes to tell the number of partitions. */
  counting: Effect.Effect<void> = Effect.void
  readonly #asked = new Set<number>()
  readonly #known = new Set<number>()

  override readonly leaderOf = (_topic: string, partition: number): number => {
    this.#asked.add(partition)
    return this.#known.has(partition) && partition !== leaderless ? 0 : -1
  }

  override readonly partitions = () => Effect.suspend(() => Effect.as(this.counting, 8))

  override readonly refresh = Effect.suspend(() => {
    const seen = [...this.#asked]
    this.refreshes++
    return Effect.tap(Deferred.await(this.gate), () =>
      Effect.sync(() => {
        for (const partition of seen) this.#known.add(partition)
      })
    )
  })
}

/** Learns nothing from a look, as when it joins one that was under way; only from being asked for a topic. */
class JoiningLink extends ScriptedLink {
  #isKnown = false
  override leaders = () => (this.#isKnown ? 0 : -1)
  override readonly partitions = () =>
    Effect.sync(() => {
      this.#isKnown = true
      return 8
    })
}

describe("Publisher, for leaders it does not know yet", () => {
  it.effect("looks again soon for a partition that came while it was looking", () =>
    Effect.gen(function* () {
      const link = new LookingLink()
      link.onSend = acknowledge
      const publisher = yield* Publisher.make(link)
      const items = [0, 1].map((partition) => new Item(partition, { partition }))
      publisher.offer(items[0]!)
      yield* turns
      yield* TestClock.adjust(0)
      assert.strictEqual(link.refreshes, 1)
      publisher.offer(items[1]!)
      yield* Deferred.succeed(link.gate, undefined)
      yield* turns
      assert.deepStrictEqual(items[0]!.told, ["acknowledged"])
      assert.deepStrictEqual(items[1]!.told, [])
      yield* TestClock.adjust("12 millis")
      yield* turns
      assert.deepStrictEqual(items[1]!.told, ["acknowledged"])
      assert.strictEqual(link.refreshes, 2)
    })
  )

  it.effect("does not refuse who does not wait for a partition that came while it was looking", () =>
    Effect.gen(function* () {
      const link = new LookingLink()
      link.onSend = acknowledge
      const publisher = yield* Publisher.make(link)
      const items = [impatient(0, 0), impatient(1, 1), impatient(2, leaderless)]
      publisher.offer(items[0]!)
      yield* turns
      yield* TestClock.adjust(0)
      publisher.offer(items[1]!)
      publisher.offer(items[2]!)
      yield* Deferred.succeed(link.gate, undefined)
      yield* turns
      assert.deepStrictEqual(
        items.map(({ told }) => told),
        [["acknowledged"], [], []]
      )
      yield* TestClock.adjust("12 millis")
      yield* turns
      assert.deepStrictEqual(
        items.map(({ told }) => told),
        [["acknowledged"], ["acknowledged"], ["Unavailable"]]
      )
    })
  )

  it.effect("nor for one that came while it was asking why another has no leader", () =>
    Effect.gen(function* () {
      const link = new LookingLink()
      const counted = Deferred.makeUnsafe<void>()
      link.counting = Deferred.await(counted)
      link.onSend = acknowledge
      const publisher = yield* Publisher.make(link)
      publisher.offer(new Item(0, { partition: leaderless }))
      yield* turns
      yield* TestClock.adjust(0)
      yield* Deferred.succeed(link.gate, undefined)
      yield* turns
      const items = [impatient(1, 1), impatient(2, leaderless)]
      for (const item of items) publisher.offer(item)
      yield* Deferred.succeed(counted, undefined)
      yield* turns
      assert.deepStrictEqual(
        items.map(({ told }) => told),
        [[], ["Unavailable"]]
      )
      yield* TestClock.adjust("12 millis")
      yield* turns
      assert.deepStrictEqual(items[0]!.told, ["acknowledged"])
    })
  )

  it.effect("takes a leader that it learns of by asking why there is none", () =>
    Effect.gen(function* () {
      const link = new JoiningLink()
      link.onSend = acknowledge
      const publisher = yield* Publisher.make(link)
      const item = impatient(0)
      publisher.offer(item)
      yield* turns
      yield* TestClock.adjust(0)
      yield* turns
      assert.deepStrictEqual(item.told, ["acknowledged"])
      assert.strictEqual(link.refreshes, 1)
    })
  )
})

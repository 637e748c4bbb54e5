import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { because, TooLarge } from "../../src/kafka/TransportError.ts"
import * as Verdict from "../../src/kafka/Verdict.ts"
import { big, start } from "./TestPublisher.ts"
import { acknowledge, Item, judge, topic, turns } from "./ScriptedLink.ts"

describe("P9/limit: what waits to be written", () => {
  it.effect("is bounded in bytes: what goes beyond is refused, and is certainly not written", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start({ maxQueuedBytes: 10_000 })
      const all = Array.from({ length: 20 }, (_, index) => big(index, 700))
      offer(all)
      const sent = yield* link.next
      yield* turns
      const refused = all.filter(({ told }) => told.length > 0)
      assert.deepStrictEqual(
        refused.map(({ delivery, told }) => [...told, delivery]),
        refused.map(() => ["QueueFull", "not-sent"])
      )
      assert.strictEqual(sent.batch.length + refused.length, 20)
      assert.isTrue(sent.batch.length >= 5 && sent.batch.length < 14)
      acknowledge(sent)
      yield* turns
      const next = big(20, 700)
      offer([next])
      acknowledge(yield* link.next)
      yield* turns
      assert.deepStrictEqual(next.told, ["acknowledged"])
    })
  )
})

const round = (from: number): ReadonlyArray<Item> =>
  Array.from({ length: 128 }, (_, at) => new Item(from + at, { partition: at % 4, value: Buffer.alloc(200) }))

describe("the largest batch of a topic", () => {
  const limit = 4_000
  const tooLarge = Verdict.ofRefusal(because(new TooLarge({ topic, detail: "" })))

  it.effect("is learnt once, and not by every batch anew", () =>
    Effect.gen(function* () {
      const { link, offer } = yield* start()
      let refused = 0
      let written = 0
      link.onSend = (sent) =>
        judge(sent, (partition) => {
          const records = sent.batch.filter((item) => item.partition === partition)
          const bytes = records.reduce((sum, { encodedSize }) => sum + encodedSize, 0)
          if (bytes > limit) refused++
          else written++
          return bytes > limit ? tooLarge : Verdict.written
        })
      const first = round(0)
      offer(first)
      yield* turns
      yield* turns
      assert.isTrue(first.every(({ told }) => told[0] === "acknowledged"))
      const learning = refused
      assert.isTrue(learning > 0 && learning <= 8, `${learning} refused while learning`)
      for (let rounds = 1; rounds <= 20; rounds++) {
        const more = round(rounds * 128)
        offer(more)
        yield* turns
        yield* turns
        assert.isTrue(more.every(({ told }) => told[0] === "acknowledged"))
      }
      // Rarely a larger one is tried: what a batch may have is found to within an eighth.
      assert.isTrue(refused - learning <= 4, `${refused - learning} refused later`)
      const share = (21 * 128 * 232) / written / limit
      assert.isTrue(share > 0.6, `batches are ${Math.round(share * 100)} % full`)
    })
  )
})

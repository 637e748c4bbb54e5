import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { KeyGate } from "../../../src/publisher/internal/keyGate.ts"
import { byteSize, PublishLane } from "../../../src/publisher/internal/publishLane.ts"
import type { Publication } from "../../../src/publisher/Publication.ts"
import * as Arbitraries from "../../wire/arbitraries.ts"
import { indexes, Item } from "../ScriptedLink.ts"

const limits = { maxRecords: 4, maxBytes: 400 }

/** Payload bytes, and what is wrong with the record: 1 abandoned, 2 expired. */
const spec = Arbitrary.all([Arbitraries.int(0, 300), Arbitraries.int(0, 5)] as const)

const itemOf = ([bytes, fault]: readonly [number, number], index: number): Item => {
  const item = new Item(index, { value: Buffer.alloc(bytes) }, fault === 2 ? 1_000 : Number.POSITIVE_INFINITY)
  item.abandoned = fault === 1
  return item
}

describe("PublishLane", () => {
  it.prop("empties in order, in batches within the limits", [Arbitrary.array(spec, { maxLength: 60 })], ([specs]) => {
    const lane = new PublishLane(0)
    const items = specs.map(itemOf)
    for (const item of items) lane.offer(item)
    const sent: Array<Item> = []
    const expired: Array<Item> = []
    let forgotten = 0
    while (lane.size > 0) {
      const before = lane.size
      const taken = lane.take(new KeyGate(), limits, 1_000)
      const batch = taken.batch as ReadonlyArray<Item>
      assert.isAtMost(batch.length, limits.maxRecords)
      const bytes = batch.reduce((sum, item) => sum + byteSize(item), 0)
      assert.isTrue(batch.length <= 1 || bytes <= limits.maxBytes)
      sent.push(...batch)
      expired.push(...(taken.expired as ReadonlyArray<Item>))
      forgotten += taken.forgotten
      assert.isBelow(lane.size, before)
    }
    const ofFault = (wanted: (fault: number) => boolean) => indexes(items.filter((_, at) => wanted(specs[at]![1])))
    assert.deepStrictEqual(
      indexes(sent),
      ofFault((fault) => fault !== 1 && fault !== 2)
    )
    assert.deepStrictEqual(
      indexes(expired),
      ofFault((fault) => fault === 2)
    )
    assert.strictEqual(forgotten, ofFault((fault) => fault === 1).length)
  })

  it.prop(
    "is what a list is: appended, put in front, taken out",
    [Arbitrary.array(Arbitrary.all([Arbitraries.int(0, 3), Arbitraries.int(1, 5)] as const), { maxLength: 40 })],
    ([steps]) => {
      const lane = new PublishLane(0)
      let list: Array<Item> = []
      let count = 0
      for (const [action, amount] of steps) {
        if (action === 3) {
          const taken = lane.take(new KeyGate(), { maxRecords: amount, maxBytes: 1_000_000 }, 0).batch
          assert.deepStrictEqual(indexes(taken as ReadonlyArray<Item>), indexes(list.splice(0, amount)))
        } else if (action === 2) {
          const isOut = (item: Item) => item.index % 5 === amount - 1
          const removed = lane.remove((item) =>
            isOut(item as Item)
          ) as ReadonlyArray<Publication> as ReadonlyArray<Item>
          assert.deepStrictEqual(indexes(removed), indexes(list.filter(isOut)))
          list = list.filter((item) => !isOut(item))
        } else {
          const items = Array.from({ length: amount }, () => new Item(count++))
          if (action === 1) {
            lane.offerFirst(items)
            list.unshift(...items)
          } else {
            for (const item of items) lane.offer(item)
            list.push(...items)
          }
        }
        assert.strictEqual(lane.size, list.length)
      }
    }
  )

  it("keeps thousands in order while they come and go", () => {
    const lane = new PublishLane(0)
    const seen: Array<number> = []
    for (let index = 0; index < 10_000; index++) {
      lane.offer(new Item(index))
      if (index % 3 !== 0) continue
      seen.push(...indexes(lane.take(new KeyGate(), { maxRecords: 2, maxBytes: 1e6 }, 0).batch as ReadonlyArray<Item>))
    }
    while (lane.size > 0) {
      seen.push(
        ...indexes(lane.take(new KeyGate(), { maxRecords: 512, maxBytes: 1e6 }, 0).batch as ReadonlyArray<Item>)
      )
    }
    assert.deepStrictEqual(
      seen,
      Array.from({ length: 10_000 }, (_, index) => index)
    )
  })

  it("sends a suspect record in no larger company than its limit", () => {
    const lane = new PublishLane(0)
    const items = Array.from({ length: 6 }, (_, index) => new Item(index))
    for (const item of items) lane.offer(item)
    items[1]!.batchLimit = 2
    items[3]!.batchLimit = 1
    const batches: Array<ReadonlyArray<number>> = []
    while (lane.size > 0) {
      const { batch } = lane.take(new KeyGate(), { maxRecords: 10, maxBytes: 1e6 }, 0)
      batches.push(indexes(batch as ReadonlyArray<Item>))
    }
    assert.deepStrictEqual(batches, [[0, 1], [2], [3], [4, 5]])
  })

  it("leaves records whose key is in flight at the gate, and goes on with the others", () => {
    const lane = new PublishLane(0)
    const gate = new KeyGate()
    const key = { key: Buffer.from("k") }
    gate.close([new Item(-1, key)])
    for (const item of [new Item(0, key), new Item(1), new Item(2, key)]) lane.offer(item)
    assert.deepStrictEqual(indexes(lane.take(gate, limits, 0).batch as ReadonlyArray<Item>), [1])
    assert.deepStrictEqual([lane.size, gate.size], [0, 2])
  })
})

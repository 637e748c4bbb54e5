import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { PartitionQueue, type Space } from "../../../src/publisher/internal/partitionQueue.ts"
import * as Arbitraries from "../../wire/arbitraries.ts"
import { indexes, Item, topic } from "../ScriptedLink.ts"

const space: Space = { records: 4, requestBytes: 400, batchBytes: 300, isEmpty: true }
const wide: Space = { records: 512, requestBytes: 1e6, batchBytes: 1e6, isEmpty: true }
const emptyQueue = () => new PartitionQueue({ topic, partition: 0 })

/** Payload bytes, and what is wrong with the record: 1 abandoned, 2 expired. */
const spec = Arbitrary.all([Arbitraries.int(0, 300), Arbitraries.int(0, 5)] as const)

const itemOf = ([bytes, fault]: readonly [number, number], index: number): Item => {
  const item = new Item(index, { value: Buffer.alloc(bytes) }, fault === 2 ? 1_000 : Number.POSITIVE_INFINITY)
  item.abandoned = fault === 1
  return item
}

const keyed = (index: number, offeredAt = 0): Item => {
  const item = new Item(index, { key: Buffer.from("k") })
  item.offeredAt = offeredAt
  return item
}

const take = (queue: PartitionQueue, within: Space = wide) => {
  const { bytes, over, records } = queue.take(within, 1_000)
  return { bytes, records: records as ReadonlyArray<Item>, over: over as ReadonlyArray<Item> }
}

describe("PartitionQueue", () => {
  it.prop("empties in order, in batches within the limits", [Arbitrary.array(spec, { maxLength: 60 })], ([specs]) => {
    const queue = emptyQueue()
    const items = specs.map(itemOf)
    for (const item of items) queue.offer(item)
    const sent: Array<Item> = []
    const over: Array<Item> = []
    while (queue.ready > 0) {
      const before = queue.ready
      const taken = take(queue, space)
      assert.isAtMost(taken.records.length, space.records)
      assert.isTrue(taken.records.length <= 1 || taken.bytes <= space.batchBytes)
      sent.push(...taken.records)
      over.push(...taken.over)
      assert.isBelow(queue.ready, before)
    }
    const isOver = (_: Item, at: number) => specs[at]![1] === 1 || specs[at]![1] === 2
    assert.deepStrictEqual(indexes(over), indexes(items.filter(isOver)))
    assert.deepStrictEqual(indexes(sent), indexes(items.filter((item, at) => !isOver(item, at))))
  })

  it("leaves a record that needs an emptier request, and takes it first then", () => {
    const queue = emptyQueue()
    for (const index of [0, 1]) queue.offer(new Item(index, { value: Buffer.alloc(600) }))
    assert.deepStrictEqual(indexes(take(queue, { ...space, isEmpty: false }).records), [])
    assert.deepStrictEqual(indexes(take(queue, space).records), [0])
  })

  it("keeps thousands in order while they come and go", () => {
    const queue = emptyQueue()
    const seen: Array<number> = []
    for (let index = 0; index < 10_000; index++) {
      queue.offer(new Item(index))
      if (index % 3 === 0) seen.push(...indexes(take(queue, { ...wide, records: 2 }).records))
    }
    while (queue.ready > 0) seen.push(...indexes(take(queue).records))
    assert.deepStrictEqual(
      seen,
      Array.from({ length: 10_000 }, (_, index) => index)
    )
  })

  it("sends a suspect record in no larger company than its limit", () => {
    const queue = emptyQueue()
    const items = Array.from({ length: 6 }, (_, index) => new Item(index))
    for (const item of items) queue.offer(item)
    items[1]!.companyLimit = 2
    items[3]!.companyLimit = 1
    const batches: Array<ReadonlyArray<number>> = []
    while (queue.ready > 0) batches.push(indexes(take(queue, { ...wide, records: 10 }).records))
    assert.deepStrictEqual(batches, [[0, 1], [2], [3], [4, 5]])
  })

  it("P8/order: puts what is tried again first, then what waited for its keys, then the rest", () => {
    const queue = emptyQueue()
    for (const item of [keyed(0), new Item(1), keyed(2)]) queue.offer(item)
    const first = take(queue, { ...wide, records: 1 }).records
    assert.deepStrictEqual(indexes(first), [0])
    assert.deepStrictEqual(indexes(take(queue).records), [1])
    assert.deepStrictEqual([queue.ready, queue.isEmpty], [0, false])
    queue.offer(new Item(3))
    queue.settled(first, first)
    assert.deepStrictEqual(indexes(take(queue).records), [0, 2, 3])
  })

  it("knows what has waited longest, also for its key, and gives up what matches wherever it waits", () => {
    const queue = emptyQueue()
    assert.strictEqual(queue.oldest, Number.POSITIVE_INFINITY)
    const all = [keyed(0, 10), keyed(1, 20), keyed(2, 30)]
    queue.offer(all[0]!)
    take(queue)
    queue.offer(all[1]!)
    take(queue)
    queue.offer(all[2]!)
    assert.strictEqual(queue.oldest, 20)
    assert.deepStrictEqual(indexes(queue.remove(() => true) as ReadonlyArray<Item>).toSorted(), [1, 2])
    assert.strictEqual(queue.oldest, Number.POSITIVE_INFINITY)
  })
})

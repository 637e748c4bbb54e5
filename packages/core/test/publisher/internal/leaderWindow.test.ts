import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { BatchLimits } from "../../../src/publisher/internal/batchLimits.ts"
import { LeaderWindow, type RequestLimits } from "../../../src/publisher/internal/leaderWindow.ts"
import { PartitionQueue } from "../../../src/publisher/internal/partitionQueue.ts"
import { isSlow } from "../../../src/publisher/internal/requests.ts"
import * as Arbitraries from "../../wire/arbitraries.ts"
import { Item, topic } from "../ScriptedLink.ts"

const limits = { maxRequests: 4, maxRecords: 8, maxBytes: 1e6 }

/** How many records each partition has, and whether it is slow and has a batch in flight. */
const partitions = Arbitrary.array(
  Arbitrary.all([Arbitraries.int(0, 12), Arbitraries.boolean, Arbitraries.boolean] as const),
  { minLength: 1, maxLength: 8 }
)

const next = (window: LeaderWindow, within: RequestLimits) => window.fill(within, new BatchLimits(), 0)

describe("LeaderWindow", () => {
  it.prop(
    "P11/partition: a slow partition travels alone, one batch at a time, and holds up no other",
    [partitions],
    ([specs]) => {
      const window = new LeaderWindow(0)
      const queues = specs.map(([records, slow, inFlight], partition) => {
        const queue = new PartitionQueue({ topic, partition })
        queue.isSlow = slow
        queue.inFlight = inFlight ? 1 : 0
        for (let index = 0; index < records; index++) queue.offer(new Item(index))
        if (records > 0) window.list(queue)
        return queue
      })
      for (let requests = 0; window.isOpen(limits, 0); requests++) {
        assert.isBelow(requests, 100)
        const { batches } = next(window, limits)
        for (const { queue } of batches) {
          if (!queue.isSlow) continue
          assert.lengthOf(batches, 1)
          assert.strictEqual(queue.inFlight, 0)
          queue.inFlight++
        }
      }
      for (const [index, queue] of queues.entries()) {
        const [records, slow, inFlight] = specs[index]!
        if (!slow) assert.strictEqual(queue.ready, 0)
        else assert.strictEqual(queue.ready, inFlight ? records : Math.max(0, records - limits.maxRecords))
        assert.isFalse(queue.isListed)
      }
    }
  )

  it("an answer is slow by its own time: not by what waited before it, nor by the quiet that was asked for", () => {
    const window = new LeaderWindow(0)
    const slow = (sentAt: number, now: number) => isSlow({ sentAt, window }, now)
    assert.isFalse(slow(1_000, 1_499))
    assert.isTrue(slow(1_000, 1_500))
    window.answeredAt = 3_000
    assert.isFalse(slow(1_000, 3_001))
    assert.isTrue(slow(1_000, 3_500))
    window.throttledUntil = 9_000
    assert.isFalse(slow(1_000, 9_100))
  })
})

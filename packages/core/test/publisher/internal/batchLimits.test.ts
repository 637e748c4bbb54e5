import { assert, describe, it } from "@effect/vitest"
import { BatchLimits } from "../../../src/publisher/internal/batchLimits.ts"
import { int } from "../../wire/arbitraries.ts"

const topic = "t"

/** Sends full batches to a broker with this limit. Returns how many were refused, and the size reached. */
const send = (limits: BatchLimits, limit: number, batches: number, now: number, most = 500_000) => {
  let refused = 0
  let size = 0
  for (let i = 0; i < batches; i++) {
    size = Math.min(most, limits.nextFor(topic))
    if (size > limit) {
      refused++
      limits.refused(topic, size, now)
    } else limits.written(topic, size, now)
  }
  return { refused, size }
}

describe("BatchLimits", () => {
  it("knows no limit of a topic that never refused a batch", () => {
    const limits = new BatchLimits()
    limits.written(topic, 1_000_000, 0)
    assert.strictEqual(limits.nextFor(topic), Number.POSITIVE_INFINITY)
    limits.refused("another", 1_000, 0)
    assert.strictEqual(limits.nextFor(topic), Number.POSITIVE_INFINITY)
  })

  it("halves once for batches of the same size that were under way together", () => {
    const limits = new BatchLimits()
    for (let i = 0; i < 4; i++) limits.refused(topic, 8_000, 0)
    assert.strictEqual(limits.nextFor(topic), 4_000)
  })

  it.prop("comes near any limit, with few refusals, and stays", [int(1_000, 400_000)], ([limit]) => {
    const limits = new BatchLimits()
    const { refused } = send(limits, limit, 500, 0)
    assert.isAtMost(refused, 14)
    const later = send(limits, limit, 500, 0)
    assert.strictEqual(later.refused, 0)
    assert.isAtLeast(limits.nextFor(topic), limit * 0.85)
  })

  it("finds out after a while that the limit was raised, or lowered", () => {
    const limits = new BatchLimits()
    send(limits, 10_000, 500, 0)
    send(limits, 100_000, 500, 3_600_000)
    assert.isAtLeast(limits.nextFor(topic), 80_000)
    send(limits, 5_000, 500, 3_600_001)
    assert.isAtMost(limits.nextFor(topic), 5_000)
  })
})

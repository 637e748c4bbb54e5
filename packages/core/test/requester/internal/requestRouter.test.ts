import { assert, describe, it } from "@effect/vitest"
import { partitionOf } from "../../../src/protocol/partitioner.ts"
import * as RequestRouter from "../../../src/requester/internal/requestRouter.ts"

const key = (text: string): Uint8Array => Buffer.from(text)

/** A router over partitions with these loads, which the test may change. */
const routing = (loads: Array<number>) =>
  RequestRouter.make(
    { topic: "stock.requests", partitions: () => loads.length, learn: (partitions) => (loads.length = partitions) },
    { load: ({ partition }) => loads[partition] ?? Number.POSITIVE_INFINITY }
  )

const out = Number.POSITIVE_INFINITY

describe("a request's partition", () => {
  it("is that of its key, whatever is known of it", () => {
    const router = routing([out, out, out, out, out, 0])
    for (const text of ["a", "b", "order-17"]) assert.strictEqual(router.route(key(text)), partitionOf(key(text), 6))
  })

  it("without a key is each in turn, passing over those that cannot be written to", () => {
    const loads = [0, 0, 0, 0]
    const router = routing(loads)
    const next = (count: number) => Array.from({ length: count }, () => router.route(null))
    assert.deepStrictEqual(next(5), [0, 1, 2, 3, 0])
    loads[2] = out
    assert.deepStrictEqual(next(4), [1, 3, 0, 1])
    loads[2] = 0
    assert.deepStrictEqual(next(2), [2, 3])
  })

  it("is the next in turn when none can be written to", () => {
    const router = routing([out, out])
    assert.deepStrictEqual([router.route(null), router.route(null), router.route(null)], [0, 1, 0])
  })

  it("elsewhere is one that was not tried and can be written to, or none", () => {
    const router = routing([0, out, 0])
    assert.strictEqual(router.elsewhere([0]), 2)
    assert.isUndefined(router.elsewhere([0, 2]))
  })

  it("is one that exists as soon as the broker has told how many there are", () => {
    const router = routing([0, 0, 0, 0])
    router.route(null)
    router.route(null)
    router.learn(1)
    assert.deepStrictEqual([router.route(null), router.route(key("a"))], [0, 0])
  })
})

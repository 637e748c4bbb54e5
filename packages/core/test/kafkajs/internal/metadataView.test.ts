import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { MetadataView } from "../../../src/kafkajs/internal/metadataView.ts"
import type { Metadata } from "../../../src/protocol/metadataCodec.ts"

const unknownTopic = 3
const leaderNotAvailable = 5

const said = (topicId: string, leader: number, leaderEpoch: number, errorCode = 0): Metadata => ({
  clientSideThrottleTime: 0,
  brokers: [],
  controllerId: 0,
  topics: [{ topic: "orders", topicId, errorCode, partitions: [{ partition: 0, leader, leaderEpoch, replicas: 1 }] }]
})
const viewOf = (...answers: ReadonlyArray<Metadata>): MetadataView => {
  const view = new MetadataView()
  for (const answer of answers) view.absorb(answer)
  return view
}

describe("MetadataView", () => {
  it("KIP-320: keeps a leader that a broker which is behind has not heard of yet", () => {
    assert.strictEqual(viewOf(said("a", 1, 5), said("a", 0, 4)).leaderOf("orders", 0), 1)
    assert.strictEqual(viewOf(said("a", 1, 5), said("a", 0, 6)).leaderOf("orders", 0), 0)
  })

  it("requester B6: takes a topic of another id for another one, and never the old one again", () => {
    const view = viewOf(said("a", 1, 5), said("b", 0, 0))
    assert.deepStrictEqual([view.topicIdOf("orders"), view.leaderOf("orders", 0)], ["b", 0])
    view.absorb(said("a", 1, 5))
    assert.strictEqual(view.topicIdOf("orders"), "b")
  })

  it("forgets a topic that is missing, and stops asking for it, but not one whose leader is being elected", () => {
    const view = viewOf(said("a", 1, 5), said("", -1, -1, leaderNotAvailable))
    assert.strictEqual(view.partitions("orders"), 1)
    view.register("orders")
    view.absorb(said("", -1, -1, unknownTopic))
    assert.deepStrictEqual([view.partitions("orders"), view.targets.size, view.refusalTo("orders")], [undefined, 0, 0])
  })

  it.effect("tells of a change of leaders, and of nothing else", () =>
    Effect.gen(function* () {
      const view = viewOf(said("a", 1, 5))
      const waiting = yield* Effect.forkChild(
        view.until(() => view.leaderOf("orders", 0) === 0),
        { startImmediately: true }
      )
      view.absorb(said("a", 1, 5))
      assert.isUndefined(waiting.pollUnsafe())
      view.absorb(said("a", 0, 6))
      yield* Fiber.join(waiting)
    })
  )
})

/**
 * P6 and P9. What keeps an offset from being committed, and how many requests a responder takes.
 */
import { assert } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Fault from "../../../../src/testing/Fault.ts"
import * as FaultEvent from "../../../../src/testing/FaultEvent.ts"
import { Faults } from "../../../../src/testing/FaultyTransport.ts"
import { MemoryBroker } from "../../../../src/memory/MemoryBroker.ts"
import { advance } from "../Harness.ts"
import { pair } from "../programs.ts"
import { namesOf, post } from "../topics.ts"
import type { FaultLaw } from "./FaultLaw.ts"

const partitions = 1

export const offsetLaws = (law: FaultLaw): void => {
  law(
    "P6/offset: the offset of a discarded call is committed when its handler has ended",
    Effect.gen(function* () {
      const broker = yield* MemoryBroker
      const gate = yield* Deferred.make<void>()
      const { contract, client } = yield* pair(
        { Work: () => Effect.as(Deferred.await(gate), "unseen") },
        { responder: { partitions }, requester: { partitions } }
      )
      const { requests, responderGroup } = namesOf(contract)
      const committed = () => broker.group(responderGroup).committed.get(`${requests}-0`)?.offset
      yield* client.Work({ id: "1" }, { discard: true })
      yield* advance("1 second")
      assert.notStrictEqual(committed(), 1)
      yield* Deferred.succeed(gate, undefined)
      yield* advance("1 second")
      assert.strictEqual(committed(), 1)
    })
  )

  law(
    "P10/offset: the offset of a dead letter is committed when it is written",
    Effect.gen(function* () {
      const faults = yield* Faults
      const broker = yield* MemoryBroker
      const deadLetterTopic = "dead"
      const { contract } = yield* pair({}, { responder: { partitions, deadLetterTopic }, requester: { partitions } })
      const { requests, responderGroup } = namesOf(contract)
      const committed = () => broker.group(responderGroup).committed.get(`${requests}-0`)?.offset
      const held = yield* faults.inject(Fault.hold, { topic: deadLetterTopic })
      yield* post(requests, { headers: [] })
      yield* faults.happened(FaultEvent.injected("Hold"))
      yield* advance("1 second")
      assert.notStrictEqual(committed(), 1)
      yield* held.release
      yield* advance("1 second")
      assert.strictEqual(committed(), 1)
      assert.strictEqual(broker.records(deadLetterTopic).length, 1)
    })
  )

  law(
    "P9/offset: no more requests are taken than may wait and run; the others stay in the topic until there is room",
    Effect.gen(function* () {
      const faults = yield* Faults
      const gate = yield* Deferred.make<void>()
      const { contract, client } = yield* pair(
        { Work: ({ id }) => Effect.as(Deferred.await(gate), id) },
        { responder: { partitions, concurrency: 2, maxWaiting: 5 }, requester: { partitions } }
      )
      const { responderGroup } = namesOf(contract)
      const ids = Array.from({ length: 30 }, (_, index) => String(index))
      const calls = yield* Effect.forEach(ids, (id) =>
        Effect.forkChild(client.Work({ id }), { startImmediately: true })
      )
      yield* advance("100 millis")
      const taken = (yield* faults.events).filter(
        (event) => event._tag === "Delivered" && event.group === responderGroup
      )
      assert.strictEqual(taken.length, 7)
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual(yield* Effect.forEach(calls, Fiber.join), ids)
    })
  )
}

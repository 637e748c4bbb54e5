/**
 * Semantics 9. Losing the reply topic: calls fail at once instead of waiting for what cannot come, and work again after.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { MemoryBroker } from "../../../../src/memory/MemoryBroker.ts"
import { reasonOf, requestErrorOf } from "../failures.ts"
import { advance, until } from "../Harness.ts"
import { pair } from "../programs.ts"
import { namesOf } from "../topics.ts"
import type { FaultLaw } from "./FaultLaw.ts"

export const lostReplyLaws = (law: FaultLaw): void => {
  law(
    "P11/topic made anew: losing the reply topic fails the calls in flight and refuses new ones, until it is back",
    Effect.gen(function* () {
      const broker = yield* MemoryBroker
      const started: Array<string> = []
      const { contract, client, inFlight } = yield* pair({
        Work: ({ id }) => {
          started.push(id)
          return id === "slow" ? Effect.never : Effect.succeed(`done ${id}`)
        }
      })
      const { replies } = namesOf(contract)
      const call = yield* Effect.forkChild(reasonOf(client.Work({ id: "slow" })), { startImmediately: true })
      yield* until("it runs", () => started.length === 1)
      yield* advance("10 millis")
      broker.deleteTopic(replies)
      yield* advance("1100 millis")
      const reason = yield* Fiber.join(call)
      assert(reason._tag === "ReplyAddressLost")
      assert.strictEqual(reason.delivery, "acknowledged")
      assert.strictEqual(yield* inFlight, 0)
      const refused = yield* requestErrorOf(client.Work({ id: "refused" }))
      assert.strictEqual(refused.reason._tag, "ReplyAddressLost")
      assert.isTrue(refused.isCertainlyNotExecuted && refused.isTransient)
      broker.createTopic({ name: replies, partitions: 2, replicationFactor: 1, configs: {} })
      for (let step = 0; step < 4; step++) yield* advance("1 second")
      assert.strictEqual(yield* client.Work({ id: "again" }), "done again")
      assert.deepStrictEqual(started, ["slow", "again"])
    })
  )

  law(
    "P11/topic made anew: a reply topic made anew at once is read from its beginning",
    Effect.gen(function* () {
      const broker = yield* MemoryBroker
      const { contract, client } = yield* pair({ Work: ({ id }) => Effect.succeed(`done ${id}`) })
      const { replies } = namesOf(contract)
      yield* Effect.forEach(["1", "2", "3", "4"], (id) => client.Work({ id }))
      broker.deleteTopic(replies)
      broker.createTopic({ name: replies, partitions: 3, replicationFactor: 1, configs: {} })
      const call = yield* Effect.forkChild(client.Work({ id: "5" }), { startImmediately: true })
      yield* advance("1100 millis")
      assert.strictEqual(yield* Fiber.join(call), "done 5")
    })
  )

  law(
    "P11/topic made anew: a request topic made anew is served from its beginning, once",
    Effect.gen(function* () {
      const broker = yield* MemoryBroker
      const ran: Array<string> = []
      const { contract, client } = yield* pair(
        {
          Work: ({ id }) => {
            ran.push(id)
            return Effect.succeed(`done ${id}`)
          }
        },
        { responder: { partitions: 1 }, requester: { partitions: 1 } }
      )
      const { requests, responderGroup } = namesOf(contract)
      yield* Effect.forEach(["1", "2", "3"], (id) => client.Work({ id }))
      yield* advance("500 millis")
      broker.deleteTopic(requests)
      broker.createTopic({ name: requests, partitions: 1, replicationFactor: 1, configs: {} })
      yield* advance("1 second")
      // What a real group does when its topic is made anew: its commits are gone, its members rejoin.
      broker.group(responderGroup).committed.clear()
      const rebalancing = yield* Effect.forkChild(broker.rebalance(responderGroup), { startImmediately: true })
      yield* advance("2100 millis")
      yield* Fiber.join(rebalancing)
      assert.strictEqual(yield* client.Work({ id: "4" }), "done 4")
      assert.deepStrictEqual(ran, ["1", "2", "3", "4"])
    })
  )
}

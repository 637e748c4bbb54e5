/**
 * P6 and P12 when work moves to another responder: finished work is not run again, unfinished work may be.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FaultEvent from "../../../../src/testing/FaultEvent.ts"
import { Faults } from "../../../../src/testing/FaultyTransport.ts"
import { MemoryBroker } from "../../../../src/memory/MemoryBroker.ts"
import { advance, until } from "../Harness.ts"
import { connect, newContract, serve } from "../programs.ts"
import { namesOf } from "../topics.ts"
import type { FaultLaw } from "./FaultLaw.ts"
import { gated } from "../handlers.ts"

export const partitionHandoverLaws = (law: FaultLaw): void => {
  law(
    "P6/handover: the next owner runs nothing of what is finished, in whatever order it was finished",
    Effect.gen(function* () {
      const { handler, runs } = yield* gated()
      const contract = newContract()
      const first = yield* serve(contract, { Work: handler }, { partitions: 1, drainTimeout: "500 millis" })
      const { client } = yield* connect(contract, { partitions: 1, timeout: "20 seconds" })
      const slow = yield* Effect.forEach(["slow 1", "slow 2"], (id) =>
        Effect.forkChild(client.Work({ id }), { startImmediately: true })
      )
      yield* until("the slow ones run", () => runs.length === 2)
      for (const id of ["1", "2", "3"]) yield* client.Work({ id })
      const stopping = yield* Effect.forkChild(first.stop, { startImmediately: true })
      yield* advance("600 millis")
      yield* Fiber.join(stopping)
      const second: Array<string> = []
      yield* serve(contract, {
        Work: ({ id }) => {
          second.push(id)
          return Effect.succeed(`second ${id}`)
        }
      })
      assert.deepStrictEqual(yield* Effect.forEach(slow, Fiber.join), ["second slow 1", "second slow 2"])
      assert.sameMembers(second, ["slow 1", "slow 2"])
    })
  )

  law(
    "P6/handover: work that moves to another owner while it runs may run twice; the caller gets one outcome",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { handler, open, runs } = yield* gated()
      const contract = newContract()
      const { requests, responderGroup } = namesOf(contract)
      yield* serve(contract, { Work: handler }, { partitions: 2 })
      const { client, inFlight } = yield* connect(contract, { partitions: 2 })
      const calls = yield* Effect.forEach(["slow 1", "slow 2"], (id) =>
        Effect.forkChild(client.Work({ id }), { startImmediately: true })
      )
      yield* until("both run", () => runs.length === 2)
      const other: Array<string> = []
      const joining = yield* Effect.forkChild(
        serve(contract, {
          Work: ({ id }) => {
            other.push(id)
            return Effect.succeed(`other ${id}`)
          }
        }),
        { startImmediately: true }
      )
      yield* advance("2100 millis")
      yield* Fiber.join(joining)
      yield* faults.happened(FaultEvent.assigned(responderGroup), 3)
      yield* until("one of them moved", () => other.length === 1)
      yield* open
      const answers = yield* Effect.forEach(calls, Fiber.join)
      assert.sameMembers(
        answers.map((answer) => answer.split(" ")[0]!),
        ["done", "other"]
      )
      assert.strictEqual(yield* inFlight, 0)
      assert.strictEqual((yield* MemoryBroker).records(requests).length, 2)
    })
  )

  law(
    "P12/handover: a handler that runs longer than a closing responder holds its group may run twice; the caller gets one outcome",
    Effect.gen(function* () {
      const { handler, open, runs } = yield* gated()
      const contract = newContract()
      const first = yield* serve(contract, { Work: handler }, { partitions: 1, drainTimeout: "25 seconds" })
      const { client, inFlight } = yield* connect(contract, { partitions: 1, timeout: "20 seconds" })
      const call = yield* Effect.forkChild(client.Work({ id: "slow" }), { startImmediately: true })
      yield* until("it runs", () => runs.length === 1)
      const other: Array<string> = []
      const joining = yield* Effect.forkChild(
        serve(contract, {
          Work: ({ id }) => {
            other.push(id)
            return Effect.never
          }
        }),
        { startImmediately: true }
      )
      yield* advance("2100 millis")
      yield* Fiber.join(joining)
      const stopping = yield* Effect.forkChild(first.stop, { startImmediately: true })
      yield* advance("2100 millis")
      yield* until("the other one runs it too", () => other.length === 1)
      yield* open
      assert.strictEqual(yield* Fiber.join(call), "done slow")
      yield* Fiber.join(stopping)
      assert.strictEqual(yield* inFlight, 0)
    })
  )

  law(
    "P6/handover: a responder that is cut out of its group commits nothing more; the next owner serves what was unfinished",
    Effect.gen(function* () {
      const faults = yield* Faults
      const broker = yield* MemoryBroker
      const { handler, open, runs } = yield* gated()
      const contract = newContract()
      const { requests, responderGroup } = namesOf(contract)
      yield* serve(contract, { Work: handler }, { partitions: 1 })
      const { client, inFlight } = yield* connect(contract, { partitions: 1, timeout: "20 seconds" })
      const slow = yield* Effect.forkChild(client.Work({ id: "slow" }), { startImmediately: true })
      yield* until("the slow one runs", () => runs.length === 1)
      for (const id of ["1", "2"]) yield* client.Work({ id })
      yield* advance("500 millis")
      // As when its session times out while the process goes on: it is not asked, and does not know.
      broker.group(responderGroup).members.clear()
      const other: Array<string> = []
      const next = yield* Effect.forkChild(
        serve(contract, {
          Work: ({ id }) => {
            other.push(id)
            return Effect.succeed(`other ${id}`)
          }
        }),
        { startImmediately: true }
      )
      yield* advance("100 millis")
      yield* Fiber.join(next)
      assert.strictEqual(yield* Fiber.join(slow), "other slow")
      assert.deepStrictEqual(other, ["slow"])
      yield* open
      yield* advance("500 millis")
      // Fetching is not bound to a membership: until it notices, both run what comes. The caller gets one outcome.
      assert.include(["done 3", "other 3"], yield* client.Work({ id: "3" }))
      yield* until("the owner runs it in any case", () => other.length === 2)
      yield* advance("500 millis")
      assert.strictEqual(broker.group(responderGroup).committed.get(`${requests}-0`)?.offset, 4)
      assert.strictEqual(yield* inFlight, 0)
      assert.isAbove((yield* faults.events).filter((event) => event._tag === "Committed").length, 1)
    })
  )
}

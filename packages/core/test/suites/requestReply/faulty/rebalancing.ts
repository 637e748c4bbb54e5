/**
 * P6 and P8 over rebalances, lost sessions and commits that fail: finished work is not run again, running work goes on.
 */
import { assert } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Contract from "../../../../src/contract/Contract.ts"
import * as Requester from "../../../../src/requester/Requester.ts"
import * as Fault from "../../../../src/testing/Fault.ts"
import * as FaultEvent from "../../../../src/testing/FaultEvent.ts"
import { Faults } from "../../../../src/testing/FaultyTransport.ts"
import { MemoryBroker } from "../../../../src/memory/MemoryBroker.ts"
import { advance, until } from "../Harness.ts"
import { connect, newContract, pair, serve } from "../programs.ts"
import { namesOf } from "../topics.ts"
import { doneIn } from "./committed.ts"
import type { FaultLaw } from "./FaultLaw.ts"
import { gated } from "../handlers.ts"

const one = { responder: { partitions: 1 }, requester: { partitions: 1 } }

type Disturb = (faults: Faults["Service"], group: string) => Effect.Effect<void>

const disturbances: ReadonlyArray<readonly [name: string, disturb: Disturb]> = [
  ["rebalance", (faults, group) => faults.rebalance(group)],
  ["lost session", (faults, group) => faults.loseSession(group)]
]

export const rebalancingLaws = (law: FaultLaw): void => {
  for (const [name, disturb] of disturbances) {
    law(
      `P6/rebalance: a ${name} of one responder runs nothing again, whether finished or running, and every call is answered`,
      Effect.gen(function* () {
        const faults = yield* Faults
        const broker = yield* MemoryBroker
        const { handler, open, runs } = yield* gated()
        const { contract, client } = yield* pair({ Work: handler }, one)
        const { replies, requests, responderGroup } = namesOf(contract)
        const slow = yield* Effect.forkChild(client.Work({ id: "slow" }), { startImmediately: true })
        yield* until("the slow one runs", () => runs.length === 1)
        for (const id of ["1", "2", "3"]) assert.strictEqual(yield* client.Work({ id }), `done ${id}`)
        const disturbing = yield* Effect.forkChild(disturb(faults, responderGroup), { startImmediately: true })
        // The running handler is waited for, at most two seconds.
        yield* advance("2100 millis")
        yield* Fiber.join(disturbing)
        assert.strictEqual(yield* client.Work({ id: "4" }), "done 4")
        yield* open
        assert.strictEqual(yield* Fiber.join(slow), "done slow")
        yield* advance("500 millis")
        assert.deepStrictEqual(runs, ["slow", "1", "2", "3", "4"])
        assert.strictEqual(broker.records(replies).length, 5)
        assert.deepStrictEqual(doneIn(broker.group(responderGroup).committed.get(`${requests}-0`)), [5, []])
      })
    )

    const steps: ReadonlyArray<
      readonly [
        name: string,
        reach: (faults: Faults["Service"], names: ReturnType<typeof namesOf>) => Effect.Effect<unknown>
      ]
    > = [
      ["when its request is written", (faults, { requests }) => faults.happened(FaultEvent.written(requests))],
      ["when its request is delivered", (faults, { requests }) => faults.happened(FaultEvent.delivered(requests))],
      ["while its reply is on its way", (faults) => faults.happened(FaultEvent.injected("Hold"))],
      ["when its reply is written", (faults, { replies }) => faults.happened(FaultEvent.written(replies))],
      ["when its reply is acknowledged", (faults, { replies }) => faults.happened(FaultEvent.acknowledged(replies))],
      ["when its offset is committed", (faults, names) => faults.happened(FaultEvent.committed(names.responderGroup))]
    ]
    for (const [step, reach] of steps) {
      law(
        `P6/rebalance: a ${name} ${step} leaves a call with one run and one outcome`,
        Effect.gen(function* () {
          const faults = yield* Faults
          const broker = yield* MemoryBroker
          const { handler, runs } = yield* gated()
          const { contract, client, inFlight } = yield* pair({ Work: handler }, one)
          const names = namesOf(contract)
          const isHeld = step.includes("on its way")
          const held = yield* faults.inject(Fault.hold, { topic: isHeld ? names.replies : "none" })
          const reached = yield* Effect.forkChild(
            Effect.andThen(reach(faults, names), disturb(faults, names.responderGroup)),
            { startImmediately: true }
          )
          const call = yield* Effect.forkChild(client.Work({ id: "1" }), { startImmediately: true })
          yield* advance("2100 millis")
          yield* Fiber.join(reached)
          yield* held.release
          assert.strictEqual(yield* Fiber.join(call), "done 1")
          yield* advance("500 millis")
          assert.deepStrictEqual(runs, ["1"])
          assert.strictEqual(yield* inFlight, 0)
          assert.strictEqual(broker.group(names.responderGroup).committed.get(`${names.requests}-0`)?.offset, 1)
          assert.strictEqual(yield* client.Work({ id: "2" }), "done 2")
        })
      )
    }

    law(
      `P8/rebalance: a ${name} while requests wait for their turn keeps the order of their key`,
      Effect.gen(function* () {
        const faults = yield* Faults
        const list: Array<number> = []
        const gate = yield* Deferred.make<void>()
        const { contract, client } = yield* pair(
          {
            Append: ({ seq }) =>
              Effect.suspend(() => {
                list.push(seq)
                return Effect.as(seq === 0 ? Deferred.await(gate) : Effect.yieldNow, String(seq))
              })
          },
          one
        )
        const { requests, responderGroup } = namesOf(contract)
        const numbers = Array.from({ length: 20 }, (_, seq) => seq)
        const calls = yield* Effect.forEach(numbers, (seq) =>
          Effect.forkChild(client.Append({ key: "a", seq }).pipe(Requester.withRoutingKey("a")), {
            startImmediately: true
          })
        )
        yield* faults.happened(FaultEvent.delivered(requests), 20)
        const disturbing = yield* Effect.forkChild(disturb(faults, responderGroup), { startImmediately: true })
        yield* advance("2100 millis")
        yield* Fiber.join(disturbing)
        yield* Deferred.succeed(gate, undefined)
        yield* Effect.forEach(calls, Fiber.join)
        assert.deepStrictEqual(list, numbers)
      })
    )
  }

  law(
    "P6/rebalance: commits that fail are made again, and nothing finished is run again by the next owner",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { handler, runs } = yield* gated()
      const contract = newContract()
      const { responderGroup } = namesOf(contract)
      const first = yield* serve(contract, { Work: handler })
      const { client } = yield* connect(contract)
      yield* faults.failCommits(responderGroup, 2)
      for (const id of ["1", "2", "3", "4"]) yield* client.Work({ id })
      for (let step = 0; step < 4; step++) yield* advance("300 millis")
      const events = yield* faults.events
      const commits = events.filter((event) => event._tag === "Committed")
      assert.deepStrictEqual(
        commits.slice(0, 3).map((event) => event._tag === "Committed" && event.error === undefined),
        [false, false, true]
      )
      yield* first.stop
      yield* serve(contract, { Work: handler })
      assert.strictEqual(yield* client.Work({ id: "5" }), "done 5")
      assert.deepStrictEqual(runs, ["1", "2", "3", "4", "5"])
    })
  )

  law(
    "P5/rebalance: a handler that cannot be interrupted holds its offset until its deadline and the allowance, no longer",
    Effect.gen(function* () {
      const broker = yield* MemoryBroker
      const gate = yield* Deferred.make<void>()
      const { contract, client } = yield* pair(
        { Work: () => Effect.uninterruptible(Effect.as(Deferred.await(gate), "too late")) },
        // A cancel would tell at once that nobody waits.
        { ...one, requester: { ...one.requester, cancelOnInterrupt: false } }
      )
      const { requests, responderGroup } = namesOf(contract)
      const call = yield* Effect.forkChild(Effect.exit(client.Work({ id: "1" })), { startImmediately: true })
      for (let step = 0; step < 18; step++) yield* advance("500 millis")
      yield* Fiber.join(call)
      assert.notStrictEqual(broker.group(responderGroup).committed.get(`${requests}-0`)?.offset, 1)
      for (let step = 0; step < 4; step++) yield* advance("500 millis")
      assert.strictEqual(broker.group(responderGroup).committed.get(`${requests}-0`)?.offset, 1)
      yield* Deferred.succeed(gate, undefined)
    })
  )

  law(
    "P13/rebalance: a cancel after a rebalance finds the running attempt, and the one behind it does not start",
    Effect.gen(function* () {
      const faults = yield* Faults
      const started: Array<string> = []
      const interrupted: Array<string> = []
      const contract = newContract()
      const impatient = contract.annotateRpcs(Contract.Retry, {
        maxAttempts: 2,
        baseDelay: "100 millis",
        maxDelay: "100 millis",
        attemptTimeout: "500 millis"
      })
      yield* serve(contract, {
        Find: ({ id }) =>
          Effect.sync(() => started.push(id)).pipe(
            Effect.andThen(Effect.never),
            Effect.onInterrupt(() => Effect.sync(() => void interrupted.push(id)))
          )
      })
      const { client } = yield* connect(impatient, { timeout: "20 seconds" })
      const call = yield* Effect.forkChild(client.Find({ id: "1" }).pipe(Requester.withRoutingKey("a")), {
        startImmediately: true
      })
      // The second attempt goes to another partition and waits behind the first, which has the same key.
      yield* advance("700 millis")
      yield* faults.happened(FaultEvent.delivered(namesOf(contract).requests), 2)
      const disturbing = yield* Effect.forkChild(faults.rebalance(namesOf(contract).responderGroup), {
        startImmediately: true
      })
      yield* advance("2100 millis")
      yield* Fiber.join(disturbing)
      yield* Fiber.interrupt(call)
      yield* until("the handler is interrupted", () => interrupted.length === 1)
      yield* advance("100 millis")
      assert.strictEqual(started.length, 1)
    })
  )
}

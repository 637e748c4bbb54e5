/**
 * P11. Brokers that are cut off, frozen or replaced: calls wait inside their deadline, and those of other brokers do not.
 */
import { assert } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Requester from "../../../../src/requester/Requester.ts"
import { Faults } from "../../../../src/testing/FaultyTransport.ts"
import { partitionOf } from "../../../../src/protocol/partitioner.ts"
import { reasonOf, requestErrorOf } from "../failures.ts"
import { advance } from "../Harness.ts"
import { pair } from "../programs.ts"
import { namesOf } from "../topics.ts"
import { counting } from "../handlers.ts"
import type { FaultLaw } from "./FaultLaw.ts"

export const outageLaws = (law: FaultLaw): void => {
  law(
    "P11/outage: calls made while no broker answers wait inside their deadline, and end with their answers when one does",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { handler } = counting()
      const { client } = yield* pair({ Work: handler })
      yield* faults.cut(0)
      const calls = yield* Effect.forEach(["1", "2", "3"], (id) =>
        Effect.forkChild(client.Work({ id }), { startImmediately: true })
      )
      for (let step = 0; step < 8; step++) yield* advance("300 millis")
      yield* faults.heal(0)
      for (let step = 0; step < 8; step++) yield* advance("100 millis")
      assert.strictEqual((yield* Effect.forEach(calls, Fiber.join)).length, 3)
    })
  )

  law(
    "P11/outage: a call that outlives its deadline in an outage says what stood in the way",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { client } = yield* pair({})
      yield* faults.cut(0)
      const call = yield* Effect.forkChild(reasonOf(client.Work({ id: "1" })), { startImmediately: true })
      for (let step = 0; step < 21; step++) yield* advance("250 millis")
      const reason = yield* Fiber.join(call)
      assert(reason._tag === "Timeout")
      assert.include(reason.message, "no Kafka broker answers")
    })
  )

  law(
    "P11/outage: with withWaitForReady(false) a call fails at once as not sent while Kafka is known to be out of reach",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { handler } = counting()
      const { client } = yield* pair({ Work: handler })
      yield* faults.cut(0)
      const waiting = yield* Effect.forkChild(client.Work({ id: "finds out" }), { startImmediately: true })
      yield* advance("20 millis")
      const before = yield* Clock.currentTimeMillis
      const error = yield* requestErrorOf(client.Work({ id: "hurried" }).pipe(Requester.withWaitForReady(false)))
      assert.strictEqual(error.reason._tag, "NotSent")
      assert.isTrue(error.isCertainlyNotExecuted && error.isTransient)
      assert.strictEqual(yield* Clock.currentTimeMillis, before)
      yield* faults.heal(0)
      for (let step = 0; step < 5; step++) yield* advance("200 millis")
      assert.strictEqual(yield* Fiber.join(waiting), "run 1")
      assert.strictEqual(yield* client.Work({ id: "2" }).pipe(Requester.withWaitForReady(false)), "run 2")
    })
  )

  law(
    "P11/outage: a frozen leader holds up the calls to its partitions only",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { contract, client } = yield* pair({ Work: ({ id }) => Effect.succeed(`done ${id}`) })
      const { requests } = namesOf(contract)
      yield* faults.moveLeader({ topic: requests, partition: 1 }, 9)
      yield* faults.freeze(9)
      // In turn over three partitions.
      const calls = yield* Effect.forEach(
        Array.from({ length: 30 }, (_, index) => index),
        (index) => Effect.forkChild(client.Work({ id: String(index) }), { startImmediately: true })
      )
      yield* advance("100 millis")
      assert.strictEqual(calls.filter((call) => call.pollUnsafe() === undefined).length, 10)
      yield* faults.heal(9)
      yield* advance("100 millis")
      assert.deepStrictEqual(
        yield* Effect.forEach(calls, Fiber.join),
        calls.map((_, index) => `done ${index}`)
      )
    })
  )

  law(
    "P11/routing: calls without a key go around a leader that is out of reach, and none of 300 waits for it",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { contract, client } = yield* pair({
        Find: ({ id }) => Effect.succeed(`found ${id}`),
        Work: ({ id }) => Effect.succeed(`done ${id}`)
      })
      yield* faults.moveLeader({ topic: namesOf(contract).requests, partition: 1 }, 9)
      yield* faults.cut(9)
      const calls: Array<Fiber.Fiber<string, unknown>> = []
      for (let index = 0; index < 300; index++) {
        const call = index % 2 === 0 ? client.Find({ id: String(index) }) : client.Work({ id: String(index) })
        calls.push(yield* call.pipe(Requester.withTimeout("2 seconds"), Effect.forkChild({ startImmediately: true })))
        yield* advance("10 millis")
      }
      yield* advance("50 millis")
      assert.deepStrictEqual(
        calls.flatMap((call, index) => (call.pollUnsafe() === undefined ? [index] : [])),
        []
      )
      assert.strictEqual((yield* Effect.forEach(calls, Fiber.join)).length, 300)
    })
  )

  law(
    "P11/routing: a call with a key waits for the leader of its key's partition",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { contract, client } = yield* pair({ Work: ({ id }) => Effect.succeed(`done ${id}`) })
      for (const partition of [0, 1, 2]) {
        yield* faults.moveLeader({ topic: namesOf(contract).requests, partition }, 9 + partition)
      }
      const home = partitionOf(Buffer.from("key"), 3)
      yield* faults.cut(9 + home)
      const call = yield* client
        .Work({ id: "1" })
        .pipe(Requester.withRoutingKey("key"), Effect.forkChild({ startImmediately: true }))
      for (let step = 0; step < 6; step++) yield* advance("300 millis")
      assert.isUndefined(call.pollUnsafe())
      yield* faults.heal(9 + home)
      for (let step = 0; step < 6; step++) yield* advance("300 millis")
      assert.strictEqual(yield* Fiber.join(call), "done 1")
    })
  )

  law(
    "P11/outage: a partition that moves to another leader is found there",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { contract, client } = yield* pair(
        { Work: ({ id }) => Effect.succeed(`done ${id}`) },
        { responder: { partitions: 1 }, requester: { partitions: 1 } }
      )
      const { requests } = namesOf(contract)
      yield* faults.moveLeader({ topic: requests, partition: 0 }, 8)
      assert.strictEqual(yield* client.Work({ id: "1" }), "done 1")
      yield* faults.cut(8)
      yield* faults.moveLeader({ topic: requests, partition: 0 }, 7)
      const call = yield* Effect.forkChild(client.Work({ id: "2" }), { startImmediately: true })
      for (let step = 0; step < 5; step++) yield* advance("50 millis")
      assert.strictEqual(yield* Fiber.join(call), "done 2")
    })
  )
}

/**
 * P11. The way back: a reply partition whose leader is gone is left for another one, and nothing is sent that could get no
 * reply.
 */
import { assert } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Requester from "../../../../src/requester/Requester.ts"
import { because, Unavailable } from "../../../../src/kafka/TransportError.ts"
import * as Fault from "../../../../src/testing/Fault.ts"
import { Faults } from "../../../../src/testing/FaultyTransport.ts"
import { MemoryBroker } from "../../../../src/memory/MemoryBroker.ts"
import { reasonOf, requestErrorOf } from "../failures.ts"
import { advance, until } from "../Harness.ts"
import { connect, newContract, serve } from "../programs.ts"
import { namesOf, requestIn } from "../topics.ts"
import { counting } from "../handlers.ts"
import type { FaultLaw } from "./FaultLaw.ts"
import { gated } from "../handlers.ts"

const fewReplicas = because(new Unavailable({ code: "NOT_ENOUGH_REPLICAS", detail: "an injected fault" }))

/** Gives every reply partition a leader of its own, the first one 10, and starts a responder and a requester. */
const started = Effect.fnUntraced(function* (
  handlers: Parameters<typeof serve>[1],
  options: Parameters<typeof connect>[1] = {}
) {
  const faults = yield* Faults
  const broker = yield* MemoryBroker
  const contract = newContract()
  const { replies, requests } = namesOf(contract)
  for (const partition of [0, 1, 2]) yield* faults.moveLeader({ topic: replies, partition }, 10 + partition)
  yield* serve(contract, handlers)
  const connected = yield* connect(contract, options)
  const replyPartitions = (): ReadonlyArray<number | undefined> =>
    broker.records(requests).map((record) => requestIn(record).replyTo?.partition)
  return { ...connected, contract, faults, replies, replyPartitions }
})

export const hearingLaws = (law: FaultLaw): void => {
  law(
    "P11/hearing: when the reply partition's leader is gone, new calls name another partition, at once and in silence after a second",
    Effect.gen(function* () {
      const { client, faults, replyPartitions } = yield* started({ Work: ({ id }) => Effect.succeed(`done ${id}`) })
      yield* client.Work({ id: "1" })
      const first = replyPartitions()[0]!
      yield* faults.cut(10 + first)
      yield* advance("10 millis")
      assert.strictEqual(yield* client.Work({ id: "2" }), "done 2")
      const second = replyPartitions()[1]!
      assert.notStrictEqual(second, first)
      yield* faults.freeze(10 + second)
      yield* advance("1100 millis")
      assert.strictEqual(yield* client.Work({ id: "3" }), "done 3")
      const third = replyPartitions()[2]!
      assert.notInclude([first, second], third)
    })
  )

  law(
    "P12/drain: a closing requester hears replies to the partition that it moved to",
    Effect.gen(function* () {
      const { handler, open, runs } = yield* gated()
      const { client, faults, replyPartitions, stop } = yield* started({ Work: handler }, { drainTimeout: "2 seconds" })
      yield* client.Work({ id: "warm" })
      yield* faults.cut(10 + replyPartitions()[0]!)
      yield* advance("10 millis")
      const call = yield* Effect.forkChild(client.Work({ id: "slow" }), { startImmediately: true })
      yield* until("it runs", () => runs.length === 2)
      const closing = yield* Effect.forkChild(stop, { startImmediately: true })
      yield* advance("50 millis")
      yield* open
      yield* advance("50 millis")
      assert.strictEqual(yield* Fiber.join(call), "done slow")
      yield* Fiber.join(closing)
    })
  )

  law(
    "P11/hearing: requests that were not written yet when the reply partition is left name the new one",
    Effect.gen(function* () {
      const { client, contract, faults, replyPartitions } = yield* started({
        Work: ({ id }) => Effect.succeed(`done ${id}`)
      })
      yield* client.Work({ id: "warm" })
      const first = replyPartitions()[0]!
      const refused = yield* faults.inject(Fault.failBefore(fewReplicas), { topic: namesOf(contract).requests }, 1_000)
      const calls = yield* Effect.forEach(["1", "2", "3"], (id) =>
        client.Work({ id }).pipe(Requester.withRoutingKey(id), Effect.forkChild({ startImmediately: true }))
      )
      yield* advance("100 millis")
      yield* faults.cut(10 + first)
      yield* advance("100 millis")
      yield* refused.remove
      // The old one stays out of reach.
      yield* advance("1 second")
      assert.deepStrictEqual(yield* Effect.forEach(calls, Fiber.join), ["done 1", "done 2", "done 3"])
      assert.notInclude(replyPartitions().slice(1), first)
    })
  )

  law(
    "P11/hearing: the old reply partition is read until the last call that names it has ended",
    Effect.gen(function* () {
      const { handler, open, runs } = yield* gated()
      const { client, faults, replyPartitions } = yield* started({
        Work: handler,
        Find: ({ id }) => Effect.succeed(`found ${id}`)
      })
      const slow = yield* Effect.forkChild(client.Work({ id: "slow 1" }).pipe(Requester.withTimeout("30 seconds")), {
        startImmediately: true
      })
      yield* until("it runs", () => runs.length === 1)
      const first = replyPartitions()[0]!
      yield* faults.cut(10 + first)
      yield* advance("10 millis")
      assert.strictEqual(yield* client.Find({ id: "2" }), "found 2")
      yield* advance("5 seconds")
      yield* faults.heal(10 + first)
      yield* open
      for (let step = 0; step < 10; step++) yield* advance("200 millis")
      assert.isDefined(yield* Fiber.join(slow))
      // New calls stay with the partition that was heard meanwhile.
      yield* client.Find({ id: "3" })
      assert.notStrictEqual(replyPartitions().at(-1), first)
    })
  )

  law(
    "P4/deaf: calls that do not wait fail as not sent while no reply partition can be read, and no handler runs for them",
    Effect.gen(function* () {
      const { handler, runs } = counting()
      const { client, faults } = yield* started({ Work: handler }, { replyPartition: 1 })
      yield* client.Work({ id: "warm" })
      yield* faults.cut(11)
      const before = yield* Clock.currentTimeMillis
      for (let index = 0; index < 20; index++) {
        const error = yield* requestErrorOf(client.Work({ id: String(index) }).pipe(Requester.withWaitForReady(false)))
        assert.strictEqual(error.reason._tag, "NotSent")
        assert.isTrue(error.isCertainlyNotExecuted && error.isTransient)
      }
      assert.strictEqual(yield* Clock.currentTimeMillis, before)
      assert.lengthOf(runs, 1)
    })
  )

  law(
    "P4/deaf: calls that wait are held unsent while no reply partition can be read, until one can or their deadline",
    Effect.gen(function* () {
      const { handler, runs } = counting()
      const { client, faults, replyPartitions } = yield* started({ Work: handler }, { replyPartition: 1 })
      yield* faults.cut(11)
      const short = yield* client
        .Work({ id: "short" })
        .pipe(Requester.withTimeout("1 second"), reasonOf, Effect.forkChild({ startImmediately: true }))
      const long = yield* Effect.forkChild(client.Work({ id: "long" }), { startImmediately: true })
      for (let step = 0; step < 4; step++) yield* advance("300 millis")
      const reason = yield* Fiber.join(short)
      assert(reason._tag === "Timeout")
      assert.strictEqual(reason.delivery, "not-sent")
      assert.deepStrictEqual([runs.length, replyPartitions().length], [0, 0])
      yield* faults.heal(11)
      yield* advance("100 millis")
      assert.strictEqual(yield* Fiber.join(long), "run 1")
    })
  )

  law(
    "P11/hearing: a requester starts as long as any reply partition can be read",
    Effect.gen(function* () {
      const faults = yield* Faults
      const contract = newContract()
      const { replies } = namesOf(contract)
      for (const partition of [0, 1, 2]) yield* faults.moveLeader({ topic: replies, partition }, 10 + partition)
      yield* serve(contract, { Work: ({ id }) => Effect.succeed(`done ${id}`) })
      yield* faults.cut(10)
      yield* faults.freeze(11)
      const starting = yield* Effect.forkChild(connect(contract), { startImmediately: true })
      for (let step = 0; step < 5; step++) yield* advance("500 millis")
      const { client } = yield* Fiber.join(starting)
      assert.strictEqual(yield* client.Work({ id: "1" }), "done 1")
    })
  )
}

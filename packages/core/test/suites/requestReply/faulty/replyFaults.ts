/**
 * P2 and P6 when replies cannot be written or are read late: an offset is committed when its reply is acknowledged.
 */
import { assert } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { because, NotAuthorized } from "../../../../src/kafka/TransportError.ts"
import * as Requester from "../../../../src/requester/Requester.ts"
import * as Fault from "../../../../src/testing/Fault.ts"
import * as FaultEvent from "../../../../src/testing/FaultEvent.ts"
import { Faults } from "../../../../src/testing/FaultyTransport.ts"
import { MemoryBroker } from "../../../../src/memory/MemoryBroker.ts"
import * as RequestEnvelope from "../../../../src/wire/RequestEnvelope.ts"
import { reasonOf } from "../failures.ts"
import { advance, until } from "../Harness.ts"
import { connect, newContract, pair, serve } from "../programs.ts"
import { bytes, namesOf, post } from "../topics.ts"
import { counting } from "../handlers.ts"
import { doneIn } from "./committed.ts"
import type { FaultLaw } from "./FaultLaw.ts"

const one = { responder: { partitions: 1 }, requester: { partitions: 1 } }

const transient: ReadonlyArray<readonly [name: string, fault: Fault.Fault]> = [
  ["is refused for now", Fault.failBefore()],
  ["is written but reported as failed", Fault.failAfter()],
  ["is written but not acknowledged", Fault.loseAcknowledgement],
  ["is written twice", Fault.duplicate],
  ["is delayed", Fault.delay("700 millis")],
  ["is acknowledged late", Fault.slowAcknowledgement("700 millis")]
]

export const replyFaultLaws = (law: FaultLaw): void => {
  for (const [name, fault] of transient) {
    law(
      `P2/reply: a call whose reply ${name} ends once, and the next one gets its own`,
      Effect.gen(function* () {
        const faults = yield* Faults
        const broker = yield* MemoryBroker
        const { handler, runs } = counting()
        const { contract, client, inFlight } = yield* pair({ Work: handler }, one)
        const { replies, requests, responderGroup } = namesOf(contract)
        yield* faults.inject(fault, { topic: replies })
        const call = yield* Effect.forkChild(client.Work({ id: "1" }), { startImmediately: true })
        yield* advance("1 second")
        assert.strictEqual(yield* Fiber.join(call), "run 1")
        assert.strictEqual(yield* client.Work({ id: "2" }), "run 2")
        yield* advance("1 second")
        assert.deepStrictEqual(runs, ["1", "2"])
        assert.strictEqual(yield* inFlight, 0)
        assert.strictEqual(broker.group(responderGroup).committed.get(`${requests}-0`)?.offset, 2)
      })
    )
  }

  law(
    "P6/reply: nothing is committed before its reply is acknowledged, and what is done above it is in the metadata",
    Effect.gen(function* () {
      const faults = yield* Faults
      const broker = yield* MemoryBroker
      const { handler } = counting()
      const { contract, client } = yield* pair({ Work: handler }, one)
      const { replies, requests, responderGroup } = namesOf(contract)
      const committed = () => broker.group(responderGroup).committed.get(`${requests}-0`)
      assert.strictEqual(yield* client.Work({ id: "0" }), "run 1")
      yield* advance("500 millis")
      assert.deepStrictEqual(doneIn(committed()), [1, []])
      const held = yield* faults.inject(Fault.hold, { topic: replies })
      const call = yield* Effect.forkChild(client.Work({ id: "1" }), { startImmediately: true })
      yield* faults.happened(FaultEvent.injected("Hold"))
      assert.strictEqual(yield* client.Work({ id: "2" }), "run 3")
      yield* advance("500 millis")
      assert.strictEqual(committed()?.offset, 1)
      assert.deepStrictEqual(doneIn(committed()), [1, [{ from: 2, to: 3 }]])
      yield* held.release
      assert.strictEqual(yield* Fiber.join(call), "run 2")
      yield* advance("500 millis")
      assert.deepStrictEqual(doneIn(committed()), [3, []])
    })
  )

  law(
    "P6/reply: a lost reply of a retried operation with a key is answered from what is kept",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { handler, runs } = counting()
      const contract = newContract()
      yield* serve(contract, { Put: handler, Work: handler })
      const { client } = yield* connect(contract)
      yield* faults.inject(Fault.drop, { topic: namesOf(contract).replies })
      const call = yield* Effect.forkChild(Requester.withReplyMetadata(client.Put({ id: "1" })), {
        startImmediately: true
      })
      yield* advance("1100 millis")
      const [value, metadata] = yield* Fiber.join(call)
      assert.strictEqual(value, "run 1")
      assert.strictEqual(metadata?.attempt, 2)
      yield* faults.inject(Fault.drop, { topic: namesOf(contract).replies })
      const lost = yield* Effect.forkChild(reasonOf(client.Work({ id: "2" })), { startImmediately: true })
      yield* advance("5100 millis")
      assert.strictEqual((yield* Fiber.join(lost))._tag, "Timeout")
      assert.deepStrictEqual(runs, ["1", "2"])
    })
  )

  law(
    "P2/reply: replies that overtake each other reach their own calls",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { contract, client } = yield* pair({ Work: ({ id }) => Effect.succeed(`done ${id}`) }, one)
      yield* faults.inject(Fault.overtake, { topic: namesOf(contract).replies }, 2)
      const calls: Array<Fiber.Fiber<string, unknown>> = []
      for (const id of ["1", "2", "3"]) {
        calls.push(yield* Effect.forkChild(client.Work({ id }), { startImmediately: true }))
        yield* advance("1 millis")
      }
      assert.deepStrictEqual(yield* Effect.forEach(calls, Fiber.join), ["done 1", "done 2", "done 3"])
    })
  )

  law(
    "P2/reply: a reply that is read after the deadline ends nothing",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { contract, client, inFlight } = yield* pair({ Work: ({ id }) => Effect.succeed(`done ${id}`) })
      const resume = yield* faults.stall({ topic: namesOf(contract).replies })
      const call = yield* Effect.forkChild(reasonOf(client.Work({ id: "1" })), { startImmediately: true })
      yield* advance("5100 millis")
      assert.strictEqual((yield* Fiber.join(call))._tag, "Timeout")
      const next = yield* Effect.forkChild(client.Work({ id: "2" }), { startImmediately: true })
      yield* advance("100 millis")
      yield* resume
      assert.strictEqual(yield* Fiber.join(next), "done 2")
      assert.strictEqual(yield* inFlight, 0)
    })
  )

  law(
    "P10/reply: a reply that its topic refuses for good is given up, and the responder goes on",
    Effect.gen(function* () {
      const broker = yield* MemoryBroker
      const { handler } = counting()
      const { contract, client } = yield* pair({ Work: handler }, one)
      const { replies, requests, responderGroup } = namesOf(contract)
      const headers = RequestEnvelope.encode({
        operation: "Work",
        deadline: 5_000,
        timeout: 5_000,
        correlationId: Uint8Array.of(1),
        // The topic has one partition.
        replyTo: { topic: replies, partition: 7 },
        attempt: 1
      })
      yield* post(requests, { headers, value: bytes(`{"id":"nowhere"}`) })
      assert.strictEqual(yield* client.Work({ id: "1" }), "run 2")
      yield* advance("500 millis")
      assert.deepStrictEqual(doneIn(broker.group(responderGroup).committed.get(`${requests}-0`)), [2, []])
    })
  )

  law(
    "P14/reply: the status names the reply topic that takes no replies, since when and why, until one is written there",
    Effect.gen(function* () {
      const faults = yield* Faults
      const contract = newContract()
      const { replies } = namesOf(contract)
      const { responder } = yield* serve(contract, { Work: counting().handler }, { partitions: 1 })
      const { client } = yield* connect(contract, { replyPartition: 0 })
      assert.deepStrictEqual(yield* responder.refusedReplies, [])
      yield* advance("3 seconds")
      const forbidden = because(new NotAuthorized({ code: "TOPIC_AUTHORIZATION_FAILED", detail: `topic ${replies}` }))
      // The reply, and the short one that tells so in its place.
      yield* faults.inject(Fault.failBefore(forbidden), { topic: replies }, 2)
      const lost = yield* Effect.forkChild(reasonOf(client.Work({ id: "1" })), { startImmediately: true })
      yield* advance("5100 millis")
      assert.strictEqual((yield* Fiber.join(lost))._tag, "Timeout")
      const [refused, ...others] = yield* responder.refusedReplies
      assert.deepStrictEqual(others, [])
      assert.deepStrictEqual(
        [refused?.topic, refused?.partition, refused?.since, refused?.count],
        [replies, 0, 3_000, 2]
      )
      assert.include(refused?.why, `grant this responder Write on topic ${replies}`)
      assert.strictEqual(yield* client.Work({ id: "2" }), "run 2")
      assert.deepStrictEqual(yield* responder.refusedReplies, [])
    })
  )

  law(
    "P10/reply: replies to a dead leader are given up at their deadline and allowance; others are served meanwhile",
    Effect.gen(function* () {
      const faults = yield* Faults
      const broker = yield* MemoryBroker
      const { handler } = counting()
      const contract = newContract()
      const { replies, requests, responderGroup } = namesOf(contract)
      yield* serve(contract, { Work: handler }, { partitions: 1, maxOpenBytes: 500_000 })
      const dead = yield* connect(contract, { replyPartition: 1 })
      const living = yield* connect(contract, { replyPartition: 0 })
      yield* faults.moveLeader({ topic: replies, partition: 1 }, 9)
      yield* faults.cut(9, "writing")
      const lost = yield* Effect.forkChild(reasonOf(dead.client.Work({ id: "1" })), { startImmediately: true })
      yield* advance("100 millis")
      assert.strictEqual(yield* living.client.Work({ id: "2" }), "run 2")
      for (let step = 0; step < 22; step++) yield* advance("250 millis")
      assert.strictEqual((yield* Fiber.join(lost))._tag, "Timeout")
      assert.strictEqual(broker.group(responderGroup).committed.get(`${requests}-0`)?.offset, 0)
      assert.strictEqual(yield* living.client.Work({ id: "3" }), "run 3")
      for (let step = 0; step < 26; step++) yield* advance("250 millis")
      assert.deepStrictEqual(doneIn(broker.group(responderGroup).committed.get(`${requests}-0`)), [3, []])
    })
  )

  law(
    "P10/reply: more replies to a dead leader than fit stop the others for no longer than a leader takes to move",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { handler } = counting()
      const contract = newContract()
      const { replies } = namesOf(contract)
      yield* serve(contract, { Work: handler }, { partitions: 1, maxOpenBytes: 500_000 })
      const dead = yield* connect(contract, { replyPartition: 1, timeout: "1 minute" })
      const living = yield* connect(contract, { replyPartition: 0, timeout: "1 minute" })
      yield* faults.moveLeader({ topic: replies, partition: 1 }, 9)
      yield* faults.cut(9, "writing")
      const answered: Array<string> = []
      const call = (client: typeof dead.client, id: string) =>
        Effect.forkChild(
          Effect.tap(client.Work({ id }), () => Effect.sync(() => answered.push(id))),
          {
            startImmediately: true
          }
        )
      // In turn in the log too, not a batch of one and then a batch of the other: each reply is a gap of its own.
      for (let index = 0; index < 300; index++) {
        yield* call(dead.client, `dead ${index}`)
        yield* call(living.client, `living ${index}`)
        yield* advance("1 millis")
      }
      yield* advance("1 second")
      assert.isBelow(answered.length, 300)
      for (let step = 0; step < 26; step++) yield* advance("250 millis")
      assert.strictEqual(answered.length, 300)
      assert.isTrue(answered.every((id) => id.startsWith("living")))
      yield* call(living.client, "last")
      yield* advance("1 second")
      assert.strictEqual(answered.at(-1), "last")
    })
  )

  law(
    "P13/reply: without its cancel a handler is interrupted at the deadline",
    Effect.gen(function* () {
      const faults = yield* Faults
      const started = yield* Deferred.make<void>()
      const interrupted: Array<string> = []
      const { contract, client } = yield* pair({
        Work: ({ id }) =>
          Deferred.succeed(started, undefined).pipe(
            Effect.andThen(Effect.never),
            Effect.onInterrupt(() => Effect.sync(() => void interrupted.push(id)))
          )
      })
      yield* faults.inject(Fault.drop, { topic: namesOf(contract).control })
      const call = yield* Effect.forkChild(client.Work({ id: "1" }), { startImmediately: true })
      yield* Deferred.await(started)
      yield* advance("100 millis")
      yield* Fiber.interrupt(call)
      yield* advance("2 seconds")
      assert.deepStrictEqual(interrupted, [])
      yield* advance("3 seconds")
      yield* until("it is interrupted", () => interrupted.length === 1)
    })
  )
}

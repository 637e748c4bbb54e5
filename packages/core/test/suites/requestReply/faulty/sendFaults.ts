/**
 * P1, P4, P8, P13 when requests cannot be written, or nobody says whether they were.
 */
import { assert } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Requester from "../../../../src/requester/Requester.ts"
import * as Fault from "../../../../src/testing/Fault.ts"
import * as FaultEvent from "../../../../src/testing/FaultEvent.ts"
import { Faults } from "../../../../src/testing/FaultyTransport.ts"
import { MemoryBroker } from "../../../../src/memory/MemoryBroker.ts"
import { because, Refused } from "../../../../src/kafka/TransportError.ts"
import { reasonOf, requestErrorOf } from "../failures.ts"
import { advance } from "../Harness.ts"
import { pair } from "../programs.ts"
import { namesOf, text } from "../topics.ts"
import { counting } from "../handlers.ts"
import type { FaultLaw } from "./FaultLaw.ts"

const once: ReadonlyArray<readonly [name: string, fault: Fault.Fault, records: number]> = [
  ["is refused for now", Fault.failBefore(), 1],
  ["is written but reported as failed", Fault.failAfter(), 2],
  ["is written but not acknowledged", Fault.loseAcknowledgement, 2],
  ["is written twice", Fault.duplicate, 2],
  ["is delayed", Fault.delay("700 millis"), 1],
  ["is acknowledged late", Fault.slowAcknowledgement("700 millis"), 1]
]

export const sendFaultLaws = (law: FaultLaw): void => {
  for (const [name, fault, records] of once) {
    law(
      `P1/send: a call whose request ${name} ends with its answer, and its handler runs once`,
      Effect.gen(function* () {
        const faults = yield* Faults
        const broker = yield* MemoryBroker
        const { handler, runs } = counting()
        const { contract, client, inFlight } = yield* pair({ Work: handler })
        const { replies, requests } = namesOf(contract)
        const injection = yield* faults.inject(fault, { topic: requests })
        // Heard only after the request was sent again: an answered call sends nothing more.
        yield* faults.inject(Fault.delay("500 millis"), { topic: replies })
        const call = yield* Effect.forkChild(client.Work({ id: "1" }), { startImmediately: true })
        for (let step = 0; step < 3; step++) yield* advance("700 millis")
        assert.strictEqual(yield* Fiber.join(call), "run 1")
        yield* advance("1 second")
        assert.strictEqual(yield* injection.hits, 1)
        assert.deepStrictEqual(runs, ["1"])
        assert.strictEqual(broker.records(requests).length, records)
        // Each record is answered: its sender may be the only one that hears.
        assert.strictEqual(broker.records(replies).length, records)
        assert.strictEqual(yield* inFlight, 0)
      })
    )
  }

  for (const [name, fault, records] of once.filter(([, , records]) => records > 1)) {
    for (const operation of ["Work", "Order"] as const) {
      law(
        `P6/send: the ${operation} whose request ${name} and whose first run fails is not run again: the caller was told`,
        Effect.gen(function* () {
          const faults = yield* Faults
          const broker = yield* MemoryBroker
          let runs = 0
          const handler = () => Effect.suspend(() => (++runs === 1 ? Effect.die("once") : Effect.succeed("too late")))
          const { contract, client } = yield* pair({ Work: handler, Order: handler })
          const { replies, requests } = namesOf(contract)
          yield* faults.inject(fault, { topic: requests })
          yield* faults.inject(Fault.delay("500 millis"), { topic: replies })
          const called = operation === "Work" ? client.Work({ id: "1" }) : client.Order({ id: "1", amount: 1 })
          const call = yield* Effect.forkChild(Effect.exit(called), { startImmediately: true })
          for (let step = 0; step < 5; step++) yield* advance("700 millis")
          assert.isTrue(Exit.hasDies(yield* Fiber.join(call)))
          assert.strictEqual(broker.records(requests).length, records)
          // The second record is told the same.
          assert.strictEqual(broker.records(replies).length, records)
          assert.strictEqual(runs, 1)
        })
      )
    }
  }

  law(
    "P4/send: a request that is refused for good was certainly not sent, and the caller is told at once",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { contract, client } = yield* pair({})
      const refused = because(new Refused({ code: "POLICY_VIOLATION", detail: "an injected fault" }))
      yield* faults.inject(Fault.failBefore(refused), { topic: namesOf(contract).requests })
      const before = yield* Clock.currentTimeMillis
      const error = yield* requestErrorOf(client.Work({ id: "1" }))
      assert.strictEqual(error.reason._tag, "NotSent")
      assert.isTrue(error.isCertainlyNotExecuted)
      assert.strictEqual(yield* Clock.currentTimeMillis, before)
    })
  )

  law(
    "P4/send: a request that nobody says anything about has an unknown delivery",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { contract, client } = yield* pair({})
      yield* faults.inject(Fault.swallow, { topic: namesOf(contract).requests })
      const call = yield* Effect.forkChild(requestErrorOf(client.Work({ id: "1" })), { startImmediately: true })
      yield* advance("5050 millis")
      const error = yield* Fiber.join(call)
      assert(error.reason._tag === "Timeout")
      assert.strictEqual(error.reason.delivery, "unknown")
      assert.isFalse(error.isCertainlyNotExecuted)
    })
  )

  law(
    "P4/send: a refusal for good after a try of unknown outcome leaves the delivery unknown",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { contract, client } = yield* pair({})
      const { requests } = namesOf(contract)
      const refused = because(new Refused({ code: "POLICY_VIOLATION", detail: "an injected fault" }))
      // A failed try that was not written looks to the caller like one that was.
      yield* faults.inject(Fault.failBefore(), { topic: requests })
      yield* faults.inject(Fault.failBefore(refused), { topic: requests })
      const call = yield* Effect.forkChild(requestErrorOf(client.Work({ id: "1" })), { startImmediately: true })
      yield* advance("1 second")
      assert.isUndefined(call.pollUnsafe())
      yield* advance("5 seconds")
      const error = yield* Fiber.join(call)
      assert(error.reason._tag === "Timeout")
      assert.strictEqual(error.reason.delivery, "unknown")
      assert.isFalse(error.isCertainlyNotExecuted)
    })
  )

  law(
    "P4/send: a request that never left the queue was certainly not sent",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { client } = yield* pair({})
      yield* faults.freeze(0)
      // Four produce requests are in flight at most, one at a turn.
      const calls: Array<Fiber.Fiber<unknown>> = []
      for (const id of ["1", "2", "3", "4"]) {
        calls.push(yield* Effect.forkChild(reasonOf(client.Work({ id })), { startImmediately: true }))
        yield* advance("1 millis")
      }
      const last = yield* Effect.forkChild(requestErrorOf(client.Work({ id: "5" })), { startImmediately: true })
      yield* advance("6 seconds")
      const error = yield* Fiber.join(last)
      assert(error.reason._tag === "Timeout")
      assert.strictEqual(error.reason.delivery, "not-sent")
      assert.isTrue(error.isCertainlyNotExecuted)
      const deliveries = yield* Effect.forEach(calls, Fiber.join)
      assert.deepStrictEqual(
        deliveries.map((reason: any) => reason.delivery),
        ["unknown", "unknown", "unknown", "unknown"]
      )
    })
  )

  law(
    "P4/send: an acknowledged request that got lost times out as acknowledged, a retried one is sent again",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { handler, runs } = counting()
      const { contract, client } = yield* pair({ Work: handler, Put: handler })
      yield* faults.inject(Fault.drop, { topic: namesOf(contract).requests }, 2)
      const call = yield* Effect.forkChild(reasonOf(client.Work({ id: "1" })), { startImmediately: true })
      yield* advance("1 millis")
      const retried = yield* Effect.forkChild(client.Put({ id: "2" }), { startImmediately: true })
      yield* advance("6 seconds")
      const reason = yield* Fiber.join(call)
      assert(reason._tag === "Timeout")
      assert.strictEqual(reason.delivery, "acknowledged")
      assert.strictEqual(yield* Fiber.join(retried), "run 1")
      assert.deepStrictEqual(runs, ["2"])
    })
  )

  law(
    "P8/send: the order of a key is kept while requests fail and are sent again",
    Effect.gen(function* () {
      const faults = yield* Faults
      const list: Array<number> = []
      const { contract, client } = yield* pair({ Append: ({ seq }) => Effect.sync(() => String(list.push(seq))) })
      const { requests } = namesOf(contract)
      const numbers = Array.from({ length: 30 }, (_, seq) => seq)
      const has = (seq: number): Fault.Match => ({
        topic: requests,
        where: ({ value }) => (JSON.parse(text(value)) as { seq: number }).seq === seq
      })
      yield* faults.inject(Fault.failBefore(), has(0), 2)
      yield* faults.inject(Fault.failAfter(), has(5))
      yield* faults.inject(Fault.delay("400 millis"), has(10))
      yield* faults.inject(Fault.loseAcknowledgement, has(15))
      yield* faults.inject(Fault.slowAcknowledgement("300 millis"), has(20))
      yield* faults.inject(Fault.duplicate, has(25))
      const calls: Array<Fiber.Fiber<string, unknown>> = []
      for (const seq of numbers) {
        calls.push(
          yield* Effect.forkChild(client.Append({ key: "a", seq }).pipe(Requester.withRoutingKey("a")), {
            startImmediately: true
          })
        )
        yield* advance("20 millis")
      }
      for (let step = 0; step < 10; step++) yield* advance("200 millis")
      yield* Effect.forEach(calls, Fiber.join)
      assert.deepStrictEqual(list, numbers)
    })
  )

  law(
    "P1/send: a reply that comes before the acknowledgement of its request ends the call",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { handler } = counting()
      const { contract, client } = yield* pair({ Work: handler })
      yield* faults.inject(Fault.slowAcknowledgement(Duration.infinity), { topic: namesOf(contract).requests })
      assert.strictEqual(yield* client.Work({ id: "1" }), "run 1")
    })
  )

  law(
    "P13/send: a request whose caller left before it was written is never written, and nothing is cancelled",
    Effect.gen(function* () {
      const faults = yield* Faults
      const broker = yield* MemoryBroker
      const { contract, client, inFlight } = yield* pair({})
      const { control, requests } = namesOf(contract)
      yield* faults.freeze(0)
      const calls: Array<Fiber.Fiber<unknown, unknown>> = []
      for (const id of ["1", "2", "3", "4", "5"]) {
        calls.push(yield* Effect.forkChild(Effect.exit(client.Work({ id })), { startImmediately: true }))
        yield* advance("1 millis")
      }
      yield* Fiber.interrupt(calls[4]!)
      assert.strictEqual(yield* inFlight, 4)
      yield* faults.heal(0)
      yield* faults.happened(FaultEvent.written(requests), 4)
      yield* advance("100 millis")
      assert.strictEqual(broker.records(requests).length, 4)
      assert.strictEqual(broker.records(control).length, 0)
    })
  )
}

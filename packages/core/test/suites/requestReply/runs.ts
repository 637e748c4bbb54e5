/**
 * A run has a life of its own: one for each attempt, no longer than any run may, and nobody waits for what waits for him.
 */
import { assert } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as References from "effect/References"
import * as Result from "effect/Result"
import * as CallBudget from "../../../src/contract/CallBudget.ts"
import * as Requester from "../../../src/requester/Requester.ts"
import type { Answered } from "../../../src/responder/Options.ts"
import * as CorrelationId from "../../../src/wire/CorrelationId.ts"
import * as RequestEnvelope from "../../../src/wire/RequestEnvelope.ts"
import { Refused } from "./TestContract.ts"
import { statusOf } from "./failures.ts"
import { advance, type Law, until } from "./Harness.ts"
import { type Client, connect, newContract, pair, serve } from "./programs.ts"
import { bytes, namesOf, post, replyIn, watch } from "./topics.ts"

const begin = <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.forkChild(Effect.exit(call), { startImmediately: true })

const attemptLaws = (law: Law): void => {
  for (const [end, how] of [
    [Effect.fail(new Refused({ why: "no", isFinal: false })), "a declared error"],
    [Effect.die("boom"), "a defect"],
    [Effect.interrupt, "an interruption"]
  ] as const) {
    law(
      `P6/first outcome: an attempt that ended with ${how} is not run again when its record comes twice`,
      Effect.gen(function* () {
        let runs = 0
        const { contract, client } = yield* pair({
          Work: () =>
            Effect.suspend(() => (++runs === 1 ? (end as Effect.Effect<string, Refused>) : Effect.succeed("done")))
        })
        const { replies, requests } = namesOf(contract)
        const sent = yield* watch(requests)
        const answers = yield* watch(replies)
        const exit = yield* Effect.exit(client.Work({ id: "1" }))
        assert.strictEqual(exit._tag, "Failure")
        yield* until("the request is seen", () => sent.length === 1)
        const { headers, partition, value } = sent[0]!
        yield* post(requests, { headers, value }, partition)
        yield* until("it is told the same again", () => answers.length === 2)
        assert.deepStrictEqual(replyIn(answers[1]!).outcome, replyIn(answers[0]!).outcome)
        assert.strictEqual(runs, 1)
      })
    )
  }

  law(
    "P6/first outcome: a correlation id that comes with another payload is a conflict",
    Effect.gen(function* () {
      const ran: Array<string> = []
      const { contract, client } = yield* pair({ Work: ({ id }) => Effect.sync(() => (ran.push(id), id)) })
      const { replies, requests } = namesOf(contract)
      const sent = yield* watch(requests)
      const answers = yield* watch(replies)
      yield* client.Work({ id: "1" })
      yield* until("the request is seen", () => sent.length === 1)
      const { headers, partition } = sent[0]!
      yield* post(requests, { headers, value: bytes(`{"id":"2"}`) }, partition)
      yield* until("it is refused", () => answers.length === 2)
      assert.deepInclude(replyIn(answers[1]!), { outcome: "rejected", status: "key-conflict" })
      assert.deepStrictEqual(ran, ["1"])
    })
  )
}

const lifeLaws = (law: Law): void => {
  law(
    "P5/runs: a handler that hangs is interrupted at its first caller's time, whoever else has asked, and its key heals",
    Effect.gen(function* () {
      let runs = 0
      const { client } = yield* pair(
        {
          Order: () => Effect.suspend(() => (++runs === 1 ? Effect.never : Effect.succeed("healed"))),
          Find: () => Effect.succeed("here")
        },
        // Long enough for a slow machine to join the run before it is over.
        { responder: { maxTimeout: "6 seconds" }, requester: { timeout: "5 seconds", maxTimeout: "6 seconds" } }
      )
      // On a broker the first call of all may take seconds: the topics are new. The times below begin after it.
      yield* client.Find({ id: "a" }).pipe(Requester.withTimeout("30 seconds"), Effect.exit)
      const first = yield* begin(client.Order({ id: "a", amount: 1 }))
      yield* until("it runs", () => runs === 1)
      yield* advance("1 second")
      const second = yield* begin(client.Order({ id: "a", amount: 1 }))
      yield* advance("4500 millis")
      const third = yield* begin(client.Order({ id: "a", amount: 1 }).pipe(Requester.withTimeout("6 seconds")))
      yield* advance("1 second")
      assert.strictEqual((yield* Fiber.join(first))._tag, "Failure")
      assert.strictEqual((yield* Fiber.join(second))._tag, "Failure")
      assert.deepInclude(yield* Fiber.join(third), { _tag: "Success", value: "healed" })
      assert.strictEqual(runs, 2)
    })
  )

  law(
    "P5/runs: who joins a run brings time for the calls that its handler makes",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const left: Array<number> = []
      let started = 0
      const { client } = yield* pair({
        Order: () =>
          Effect.gen(function* () {
            started++
            yield* Deferred.await(gate)
            left.push(Duration.toMillis(Option.getOrThrow(yield* CallBudget.remaining)))
            return "done"
          })
      })
      yield* begin(client.Order({ id: "a", amount: 1 }).pipe(Requester.withTimeout("2 seconds")))
      yield* until("it runs", () => started === 1)
      const second = yield* begin(client.Order({ id: "a", amount: 1 }).pipe(Requester.withTimeout("20 seconds")))
      yield* advance("1 second")
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual((yield* Fiber.join(second))._tag, "Success")
      assert.isAbove(left[0]!, 5_000)
    })
  )
}

const waitingLaws = (law: Law): void => {
  law(
    "P9/ancestors: a call made inside a handler that needs the key of its own caller is refused at once",
    Effect.gen(function* () {
      const contract = newContract()
      let nested: Client | undefined
      const statuses: Array<string> = []
      yield* serve(contract, {
        Order: ({ id }) =>
          Effect.gen(function* () {
            statuses.push(String(yield* statusOf(nested!.Order({ id, amount: 1 }))))
            return "outer"
          })
      })
      const { client } = yield* connect(contract)
      nested = client
      assert.strictEqual(yield* client.Order({ id: "a", amount: 1 }), "outer")
      assert.deepStrictEqual(statuses, ["circular-wait"])
    })
  )

  law(
    "P9/ancestors: a call made inside a handler that needs the last place is refused at once",
    Effect.gen(function* () {
      const contract = newContract()
      let nested: Client | undefined
      const statuses: Array<string> = []
      yield* serve(
        contract,
        {
          Work: ({ id }) =>
            Effect.gen(function* () {
              statuses.push(String(yield* statusOf(nested!.Find({ id }))))
              return "outer"
            })
        },
        { concurrency: 1 }
      )
      const { client } = yield* connect(contract)
      nested = client
      assert.strictEqual(yield* client.Work({ id: "a" }), "outer")
      assert.deepStrictEqual(statuses, ["circular-wait"])
    })
  )

  law(
    "P13/leaving: those who have left take no room from those who come",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const ran: Array<string> = []
      const { contract, client } = yield* pair(
        {
          Append: () => Effect.as(Deferred.await(gate), ""),
          Work: ({ id }) => Effect.sync(() => (ran.push(id), id))
        },
        { responder: { maxWaiting: 3, maxWaitingPerKey: 3, partitions: 1 }, requester: { partitions: 1 } }
      )
      const control = yield* watch(namesOf(contract).control)
      const sent = yield* watch(namesOf(contract).requests)
      const append = (seq: number) => client.Append({ key: "hot", seq }).pipe(Requester.withRoutingKey("hot"))
      const calls = yield* Effect.forEach([0, 1, 2, 3], (seq) =>
        Effect.forkChild(append(seq), { startImmediately: true })
      )
      yield* until("all have asked", () => sent.length === 4)
      yield* Fiber.interruptAll(calls.slice(1))
      yield* until("they have left", () => control.length === 3)
      const later = yield* begin(append(4))
      assert.strictEqual(yield* client.Work({ id: "1" }), "1")
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual((yield* Fiber.join(later))._tag, "Success")
      assert.deepStrictEqual(ran, ["1"])
    })
  )

  law(
    "P9/keys: slow keys that fill the waiting room do not keep others from free places",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { contract, client } = yield* pair(
        { Append: () => Effect.as(Deferred.await(gate), ""), Work: ({ id }) => Effect.succeed(id) },
        { responder: { maxWaiting: 4 } }
      )
      const sent = yield* watch(namesOf(contract).requests)
      const slow = yield* Effect.forEach(["a", "b"], (key) =>
        Effect.forEach([1, 2, 3], (seq) => begin(client.Append({ key, seq }).pipe(Requester.withRoutingKey(key))))
      )
      yield* until("all have asked", () => sent.length === 6)
      for (const id of ["1", "2", "3"]) assert.strictEqual(yield* client.Work({ id }), id)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.awaitAll(slow.flat())
    })
  )
}

export const runLaws = (law: Law): void => {
  attemptLaws(law)
  lifeLaws(law)
  waitingLaws(law)
  law(
    "P4/told: onAnswered is told of requests that are refused before they are taken, too",
    Effect.gen(function* () {
      const told: Array<Answered> = []
      const contract = newContract()
      const { replies, requests } = namesOf(contract)
      yield* serve(contract, {}, { onAnswered: (answered) => void told.push(answered) })
      const envelope = { deadline: 9_000_000_000_000, timeout: 5_000, attempt: 2, correlationId: Uint8Array.of(7) }
      const replyTo = { topic: replies, partition: 0 }
      yield* post(requests, { headers: RequestEnvelope.encode({ operation: "Nothing", ...envelope, replyTo }) }, 0)
      yield* until("it is told", () => told.length === 1)
      const { attempt, operation, outcome } = told[0]!
      assert.deepStrictEqual(
        { attempt, operation, outcome },
        { attempt: 2, operation: "Nothing", outcome: "unimplemented" }
      )
    })
  )

  law(
    "P4/told: what a handler logs carries its operation and the id of its call",
    Effect.gen(function* () {
      const logged: Array<Readonly<Record<string, unknown>>> = []
      const collector = Logger.make(({ fiber }) => void logged.push(fiber.getRef(References.CurrentLogAnnotations)))
      const { contract, client } = yield* pair({
        Work: ({ id }) => Effect.as(Effect.provide(Effect.logError("working"), Logger.layer([collector])), id)
      })
      const sent = yield* watch(namesOf(contract).requests)
      yield* client.Work({ id: "1" })
      yield* until("the request is seen", () => sent.length === 1)
      const envelope = Result.getOrThrow(RequestEnvelope.decode(sent[0]!.headers))
      assert.lengthOf(logged, 1)
      assert.deepInclude(logged[0], {
        "rpc.method": "Work",
        "rr.call": CorrelationId.toHex(envelope.correlationId)
      })
    })
  )
}

/**
 * P2. A reply reaches the call that asked and no other; what is foreign, late, repeated or forged is dropped.
 */
import { assert } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Requester from "../../../src/requester/Requester.ts"
import * as CorrelationId from "../../../src/wire/CorrelationId.ts"
import * as ReplyEnvelope from "../../../src/wire/ReplyEnvelope.ts"
import { reasonOf } from "./failures.ts"
import { advance, type Law, until } from "./Harness.ts"
import { connect, newContract, pair, serve } from "./programs.ts"
import { bytes, namesOf, post, requestIn, watch } from "./topics.ts"

const answer = (correlationId: Uint8Array, attempt?: number) =>
  ReplyEnvelope.encode({ correlationId, outcome: "success", attempt, at: 0 })

export const correlationLaws = (law: Law): void => {
  law(
    "P2/correlation: requesters that share one reply partition get their own replies only",
    Effect.gen(function* () {
      const contract = newContract()
      yield* serve(contract, { Work: ({ id }) => Effect.succeed(`done ${id}`) })
      const requesters = yield* Effect.forEach(["a", "b", "c"], (name) =>
        Effect.map(connect(contract, { replyPartition: 1 }), ({ client }) => ({ name, client }))
      )
      const calls = requesters.flatMap(({ client, name }) =>
        Array.from({ length: 50 }, (_, index) => ({ client, id: `${name}${index}` }))
      )
      const answers = yield* Effect.forEach(calls, ({ client, id }) => client.Work({ id }), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(
        answers,
        calls.map(({ id }) => `done ${id}`)
      )
    })
  )

  law(
    "P2/correlation: foreign, forged and malformed replies reach no call",
    Effect.gen(function* () {
      const contract = newContract()
      const gate = yield* Deferred.make<void>()
      yield* serve(contract, { Work: ({ id }) => Effect.as(Deferred.await(gate), `done ${id}`) })
      const { client } = yield* connect(contract, { replyPartition: 0 })
      const { replies, requests } = namesOf(contract)
      const sent = yield* watch(requests)
      const call = yield* Effect.forkChild(client.Work({ id: "1" }), { startImmediately: true })
      yield* until("the request is written", () => sent.length === 1)
      const { correlationId } = requestIn(sent[0]!)
      const next = Uint8Array.from(correlationId)
      next[15]! += 1
      const foreign = Uint8Array.from(correlationId)
      foreign[0]! ^= 0xff
      for (const headers of [
        answer(foreign),
        answer(next),
        answer(correlationId.slice(0, 15)),
        answer(Uint8Array.of(...correlationId, 0)),
        [],
        answer(correlationId).map(([name, value]) => [name, name === "rr" ? bytes("v=1, outcome=") : value] as const),
        answer(correlationId).map(([name, value]) => [name, name === "rr" ? bytes("v=2") : value] as const)
      ]) {
        yield* post(replies, { headers, value: bytes(`"forged"`) })
      }
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(call), "done 1")
    })
  )

  law(
    "P2/correlation: of repeated replies the first counts, and later calls are not disturbed",
    Effect.gen(function* () {
      const contract = newContract()
      const gates = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      yield* serve(contract, { Work: ({ id }) => Effect.as(Deferred.await(gates[Number(id)]!), `done ${id}`) })
      const { client } = yield* connect(contract, { replyPartition: 0 })
      const { replies, requests } = namesOf(contract)
      const sent = yield* watch(requests)
      const first = yield* Effect.forkChild(client.Work({ id: "0" }), { startImmediately: true })
      yield* until("the first request is written", () => sent.length === 1)
      const headers = answer(requestIn(sent[0]!).correlationId, 1)
      yield* post(replies, { headers, value: bytes(`"from elsewhere"`) })
      assert.strictEqual(yield* Fiber.join(first), "from elsewhere")
      const second = yield* Effect.forkChild(client.Work({ id: "1" }), { startImmediately: true })
      yield* post(replies, { headers, value: bytes(`"again"`) })
      yield* Deferred.succeed(gates[0]!, undefined)
      yield* Deferred.succeed(gates[1]!, undefined)
      assert.strictEqual(yield* Fiber.join(second), "done 1")
    })
  )

  law(
    "P2/correlation: a reply that comes after the deadline is dropped, the next call gets its own",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      // The first handler goes on after its deadline: it cannot be interrupted.
      const { client } = yield* pair({
        Work: ({ id }) =>
          id === "late"
            ? Effect.uninterruptible(Effect.as(Deferred.await(gate), "too late"))
            : Effect.succeed(`done ${id}`)
      })
      const late = yield* Effect.forkChild(
        reasonOf(client.Work({ id: "late" }).pipe(Requester.withTimeout("300 millis"))),
        { startImmediately: true }
      )
      yield* advance("400 millis")
      assert.strictEqual((yield* Fiber.join(late))._tag, "Timeout")
      const next = yield* Effect.forkChild(client.Work({ id: "next" }), { startImmediately: true })
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(next), "done next")
      assert.strictEqual(yield* client.Work({ id: "last" }), "done last")
    })
  )

  law(
    "P2/correlation: two requesters never make the same correlation id",
    Effect.gen(function* () {
      const contract = newContract()
      yield* serve(contract, { Work: () => Effect.succeed("done") })
      const sent = yield* watch(namesOf(contract).requests)
      const requesters = yield* Effect.forEach([1, 2, 3], () => connect(contract))
      yield* Effect.forEach(requesters, ({ client }) =>
        Effect.forEach([1, 2, 3], (id) => client.Work({ id: String(id) }))
      )
      yield* until("all requests are seen", () => sent.length === 9)
      const ids = sent.map((record) => CorrelationId.toHex(requestIn(record).correlationId))
      assert.strictEqual(new Set(ids).size, 9)
    })
  )
}

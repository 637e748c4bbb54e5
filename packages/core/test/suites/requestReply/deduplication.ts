/**
 * P6. A request that is asked for again is answered again, not done again.
 */
import { assert } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Requester from "../../../src/requester/Requester.ts"
import * as ReplyHeaders from "../../../src/responder/ReplyHeaders.ts"
import { Refused } from "./TestContract.ts"
import { statusOf } from "./failures.ts"
import { counting } from "./handlers.ts"
import { advance, type Law, until } from "./Harness.ts"
import { connect, newContract, pair, serve } from "./programs.ts"
import { bytes, namesOf, post, replyIn, text, watch } from "./topics.ts"

export const deduplicationLaws = (law: Law): void => {
  law(
    "P6/deduplication: a repeated key is answered with the stored success, to any caller",
    Effect.gen(function* () {
      const { handler, runs } = counting()
      const { contract, client } = yield* pair({ Order: handler })
      const other = yield* connect(contract)
      assert.strictEqual(yield* client.Order({ id: "a", amount: 1 }), "run 1")
      assert.strictEqual(yield* client.Order({ id: "a", amount: 1 }), "run 1")
      assert.strictEqual(yield* other.client.Order({ id: "a", amount: 1 }), "run 1")
      assert.strictEqual(yield* client.Order({ id: "b", amount: 1 }), "run 2")
      assert.deepStrictEqual(runs, ["a", "b"])
    })
  )

  law(
    "P6/deduplication: an operation that remembers by itself runs again, and one run serves those who ask while it goes on",
    Effect.gen(function* () {
      const { handler, runs } = counting()
      const gate = yield* Deferred.make<void>()
      const { client } = yield* pair({ Book: ({ id }) => Effect.andThen(Deferred.await(gate), handler({ id })) })
      const ask = client.Book({ id: "a", amount: 1 })
      const first = yield* Effect.forkChild(ask, { startImmediately: true })
      const second = yield* Effect.forkChild(ask, { startImmediately: true })
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(first)
      yield* Fiber.join(second)
      const before = runs.length
      assert.strictEqual(yield* ask, `run ${before + 1}`)
    })
  )

  law(
    "P6/deduplication: the same key of another operation is another key",
    Effect.gen(function* () {
      const { handler, runs } = counting()
      const { client } = yield* pair({ Order: handler, Reserve: handler })
      assert.strictEqual(yield* client.Order({ id: "a", amount: 1 }), "run 1")
      assert.strictEqual(yield* client.Reserve({ id: "a", amount: 2 }), "run 2")
      assert.deepStrictEqual(runs, ["a", "a"])
    })
  )

  law(
    "P6/deduplication: the same key with another payload is a conflict, while it runs and after",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const started: Array<string> = []
      const { client } = yield* pair({
        Order: ({ id }) => {
          started.push(id)
          return Effect.as(Deferred.await(gate), "done")
        }
      })
      const call = yield* Effect.forkChild(client.Order({ id: "a", amount: 1 }), { startImmediately: true })
      yield* until("it runs", () => started.length === 1)
      assert.strictEqual(yield* statusOf(client.Order({ id: "a", amount: 2 })), "key-conflict")
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(call), "done")
      assert.strictEqual(yield* statusOf(client.Order({ id: "a", amount: 2 })), "key-conflict")
      assert.strictEqual(yield* client.Order({ id: "a", amount: 1 }), "done")
      assert.deepStrictEqual(started, ["a"])
    })
  )

  law(
    "P6/deduplication: callers of a key that runs join its run",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      let runs = 0
      const { contract, client } = yield* pair({
        Order: () => Effect.suspend(() => Effect.as(Deferred.await(gate), `run ${++runs}`))
      })
      const other = yield* connect(contract)
      const calls = yield* Effect.forEach([client, client, other.client, other.client], (each) =>
        Effect.forkChild(each.Order({ id: "a", amount: 1 }), { startImmediately: true })
      )
      const sent = yield* watch(namesOf(contract).requests)
      yield* until("all are written", () => sent.length === 4)
      yield* advance("50 millis")
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual(yield* Effect.forEach(calls, Fiber.join), ["run 1", "run 1", "run 1", "run 1"])
    })
  )

  law(
    "P6/deduplication: a declared error is kept when the contract says that it is final, else it runs again",
    Effect.gen(function* () {
      let runs = 0
      const { client } = yield* pair({
        Order: ({ id }) =>
          Effect.suspend(() => Effect.fail(new Refused({ why: `run ${++runs}`, isFinal: id === "final" })))
      })
      const order = (id: string) => Effect.map(Effect.flip(client.Order({ id, amount: 1 })), (error) => error.message)
      assert.strictEqual(yield* order("final"), "run 1")
      assert.strictEqual(yield* order("final"), "run 1")
      assert.strictEqual(yield* order("not final"), "run 2")
      assert.strictEqual(yield* order("not final"), "run 3")
    })
  )

  law(
    "P6/deduplication: rejections, defects and interruptions are not kept",
    Effect.gen(function* () {
      let runs = 0
      const { client } = yield* pair({
        Order: () =>
          Effect.suspend(() => {
            runs++
            if (runs === 1) return Effect.die("once")
            if (runs === 2) return Effect.interrupt
            if (runs === 3) return Effect.succeed(17 as never)
            return Effect.succeed(`run ${runs}`)
          })
      })
      const order = client.Order({ id: "a", amount: 1 })
      yield* Effect.exit(order)
      yield* Effect.exit(order)
      assert.strictEqual(yield* statusOf(order), "reply-invalid")
      assert.strictEqual(yield* order, "run 4")
      assert.strictEqual(yield* order, "run 4")
    })
  )

  law(
    "P6/deduplication: reads are not kept",
    Effect.gen(function* () {
      const { handler } = counting()
      const { client } = yield* pair({ Find: handler })
      assert.strictEqual(yield* client.Find({ id: "a" }), "run 1")
      assert.strictEqual(yield* client.Find({ id: "a" }), "run 2")
    })
  )

  law(
    "P6/deduplication: calls without a key are known again by their correlation id",
    Effect.gen(function* () {
      const { handler, runs } = counting()
      const { contract, client } = yield* pair({ Work: handler })
      const { replies, requests } = namesOf(contract)
      const sent = yield* watch(requests)
      const answers = yield* watch(replies)
      assert.strictEqual(yield* client.Work({ id: "a" }), "run 1")
      assert.strictEqual(yield* client.Work({ id: "a" }), "run 2")
      yield* until("both are seen", () => sent.length === 2)
      // What a producer that tries again after a lost acknowledgement does.
      for (const { headers, partition, value } of sent.slice(0, 2)) yield* post(requests, { headers, value }, partition)
      yield* until("all are answered", () => answers.length === 4)
      assert.deepStrictEqual(runs, ["a", "a"])
    })
  )

  law(
    "P6/deduplication: a correlation id that comes again with another payload is a conflict, while it runs and after",
    Effect.gen(function* () {
      const { handler, runs } = counting()
      const { contract, client } = yield* pair({ Work: handler })
      const { replies, requests } = namesOf(contract)
      const sent = yield* watch(requests)
      const answers = yield* watch(replies)
      yield* client.Work({ id: "a" })
      yield* until("it is seen", () => sent.length === 1)
      const { headers, partition } = sent[0]!
      yield* post(requests, { headers, value: bytes(`{"id":"b"}`) }, partition)
      yield* until("both are answered", () => answers.length === 2)
      assert.strictEqual(replyIn(answers[1]!).status, "key-conflict")
      assert.deepStrictEqual(runs, ["a"])
    })
  )

  law(
    "P6/deduplication: another instance knows nothing of it: per instance from memory, as promised",
    Effect.gen(function* () {
      const contract = newContract()
      const { handler, runs } = counting()
      const first = yield* serve(contract, { Order: handler })
      const { client } = yield* connect(contract)
      assert.strictEqual(yield* client.Order({ id: "a", amount: 1 }), "run 1")
      yield* first.stop
      yield* serve(contract, { Order: handler })
      assert.strictEqual(yield* client.Order({ id: "a", amount: 1 }), "run 2")
      assert.strictEqual(runs.length, 2)
    })
  )

  law(
    "P6/deduplication: keys of any length and script are known again, and told apart",
    Effect.gen(function* () {
      const { handler, runs } = counting()
      const { client } = yield* pair({ Order: handler })
      const keys = ['a b"c\\', "\u00e4\u6f22\ud83d\ude00", "x".repeat(400), `${"x".repeat(399)}y`, " ", "\u0000"]
      for (const id of [...keys, ...keys]) {
        assert.strictEqual(yield* client.Order({ id, amount: 1 }), `run ${keys.indexOf(id) + 1}`)
      }
      assert.deepStrictEqual(runs, keys)
    })
  )

  law(
    "P6/deduplication: a stored reply is sent again with the headers that its handler added",
    Effect.gen(function* () {
      const { client } = yield* pair({
        Order: () => Effect.as(ReplyHeaders.add("x-shelf", "7"), "done")
      })
      const order = Requester.withReplyMetadata(client.Order({ id: "a", amount: 1 }))
      for (const time of ["first", "second"]) {
        const [, metadata] = yield* order
        assert.deepStrictEqual(
          metadata?.headers.map(([name, value]) => [name, text(value)]),
          [["x-shelf", "7"]],
          time
        )
      }
    })
  )

  law(
    "P6/deduplication: callers that join a run get the headers that its handler added",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { contract, client } = yield* pair({
        Order: () => Effect.as(Effect.andThen(Deferred.await(gate), ReplyHeaders.add("x-shelf", "7")), "done")
      })
      const sent = yield* watch(namesOf(contract).requests)
      const calls = yield* Effect.forEach([1, 2], () =>
        Effect.forkChild(Requester.withReplyMetadata(client.Order({ id: "a", amount: 1 })), { startImmediately: true })
      )
      yield* until("both are written", () => sent.length === 2)
      yield* advance("50 millis")
      yield* Deferred.succeed(gate, undefined)
      for (const [, metadata] of yield* Effect.forEach(calls, Fiber.join)) {
        assert.deepStrictEqual(
          metadata?.headers.map(([name]) => name),
          ["x-shelf"]
        )
      }
    })
  )
}

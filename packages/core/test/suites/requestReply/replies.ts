/**
 * What a reply carries besides its value, and calls that want none: metadata, discarded calls, middleware.
 */
import { assert } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as RpcClient from "effect/rpc/RpcClient"
import * as Requester from "../../../src/requester/Requester.ts"
import * as ReplyHeaders from "../../../src/responder/ReplyHeaders.ts"
import { RequestInfo } from "../../../src/responder/RequestInfo.ts"
import { Refused } from "./TestContract.ts"
import { statusOf } from "./failures.ts"
import { advance, type Law, until } from "./Harness.ts"
import { connect, newContract, pair, serve } from "./programs.ts"
import { namesOf, post, replyIn, text, watch } from "./topics.ts"

export const replyLaws = (law: Law): void => {
  law(
    "P2/reply: replies carry the headers that the handler added, and who asks sees them",
    Effect.gen(function* () {
      const { client } = yield* pair({
        Work: ({ id }) =>
          ReplyHeaders.add("x-shelf", "7").pipe(
            Effect.andThen(ReplyHeaders.add("rr", "v=9")),
            Effect.andThen(ReplyHeaders.add("x-raw", Uint8Array.of(0, 255))),
            Effect.as(`done ${id}`)
          ),
        Find: () =>
          ReplyHeaders.add("x-shelf", "8").pipe(Effect.andThen(Effect.fail(new Refused({ why: "no", isFinal: false }))))
      })
      const [value, metadata] = yield* Requester.withReplyMetadata(client.Work({ id: "1" }))
      assert.strictEqual(value, "done 1")
      assert.strictEqual(metadata?.attempt, 1)
      assert.isNumber(metadata?.answeredAt)
      assert.deepStrictEqual(
        metadata?.headers.map(([name, header]) => [name, Buffer.from(header).toString("hex")]),
        [
          ["x-shelf", "37"],
          ["x-raw", "00ff"]
        ]
      )
      const [error, ofError] = yield* Requester.withReplyMetadata(Effect.flip(client.Find({ id: "1" })))
      assert.strictEqual(error.message, "no")
      assert.deepStrictEqual(
        ofError?.headers.map(([name, header]) => [name, text(header)]),
        [["x-shelf", "8"]]
      )
    })
  )

  law(
    "P14/reply: replies name the instance that answered and the partition it hears cancels on",
    Effect.gen(function* () {
      const { contract, client } = yield* pair(
        { Work: () => Effect.succeed("done") },
        { responder: { instance: "ä-shop 1" } }
      )
      const answers = yield* watch(namesOf(contract).replies)
      const [, metadata] = yield* Requester.withReplyMetadata(client.Work({ id: "1" }))
      assert.strictEqual(metadata?.answeredBy, "ä-shop 1")
      yield* until("its answer is seen", () => answers.length > 0)
      assert.deepInclude(replyIn(answers[0]!), { from: "ä-shop 1", ctl: 0 })
    })
  )

  law(
    "P5/handler: handlers see the caller's headers and where the request stands",
    Effect.gen(function* () {
      const { contract, client } = yield* pair({
        Work: (_, { headers }) =>
          Effect.map(RequestInfo, (info) =>
            JSON.stringify([headers["x-tenant"], headers["x-own"], info?.topic, info?.attempt, info?.key])
          ),
        Order: () => Effect.map(RequestInfo, (info) => String(info?.key))
      })
      const answer = yield* client
        .Work({ id: "1" }, { headers: { "x-own": "ä" } })
        .pipe(RpcClient.withHeaders({ "X-Tenant": "a" }))
      assert.deepStrictEqual(JSON.parse(answer), ["a", "ä", namesOf(contract).requests, 1, null])
      assert.strictEqual(yield* client.Order({ id: "key", amount: 1 }), "key")
    })
  )

  law(
    "P6/discard: a discarded call ends when its handler starts, and its offset is done when the handler ends",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const ended: Array<string> = []
      const { contract, client, responder } = yield* pair({
        Work: ({ id }) =>
          Deferred.await(gate).pipe(Effect.andThen(Effect.sync(() => void ended.push(id))), Effect.as("unseen"))
      })
      const answers = yield* watch(namesOf(contract).replies)
      assert.isUndefined(yield* client.Work({ id: "1" }, { discard: true }))
      assert.strictEqual(yield* responder.running, 1)
      yield* Deferred.succeed(gate, undefined)
      yield* until("the handler ended", () => ended.length === 1)
      assert.strictEqual(yield* responder.running, 0)
      yield* until("its answer is seen", () => answers.length > 0)
      assert.deepStrictEqual(
        answers.map((record) => replyIn(record).outcome),
        ["accepted"]
      )
    })
  )

  law(
    "P6/discard: a discarded call whose handler fails is accepted all the same, one that cannot start is rejected",
    Effect.gen(function* () {
      const contract = newContract()
      yield* serve(contract, { Work: () => Effect.die("nobody hears") }, { maxWait: "100 millis", concurrency: 1 })
      const { client } = yield* connect(contract)
      assert.isUndefined(yield* client.Work({ id: "1" }, { discard: true }))
      const other = newContract()
      const gate = yield* Deferred.make<void>()
      const started: Array<string> = []
      yield* serve(
        other,
        {
          Work: ({ id }) => {
            started.push(id)
            return Effect.as(Deferred.await(gate), "done")
          }
        },
        { maxWait: "100 millis", concurrency: 1 }
      )
      const busy = yield* connect(other)
      const first = yield* Effect.forkChild(busy.client.Work({ id: "first" }), { startImmediately: true })
      yield* until("the first runs", () => started.length === 1)
      const second = yield* Effect.forkChild(statusOf(busy.client.Work({ id: "second" }, { discard: true })), {
        startImmediately: true
      })
      yield* advance("200 millis")
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(second), "overloaded")
      yield* Fiber.join(first)
      assert.deepStrictEqual(started, ["first"])
    })
  )

  law(
    "P6/discard: a discarded call whose record comes twice is accepted again, though its error is kept",
    Effect.gen(function* () {
      let runs = 0
      const { contract, client } = yield* pair({
        Order: () => Effect.suspend(() => (runs++, Effect.fail(new Refused({ why: "gone", isFinal: true }))))
      })
      const { replies, requests } = namesOf(contract)
      const sent = yield* watch(requests)
      const answers = yield* watch(replies)
      assert.isUndefined(yield* client.Order({ id: "a", amount: 1 }, { discard: true }))
      yield* until("the request is seen", () => sent.length === 1)
      const { headers, key, partition, value } = sent[0]!
      yield* post(requests, { headers, key: text(key), value }, partition)
      yield* until("it is answered again", () => answers.length === 2)
      assert.deepStrictEqual(
        answers.map((answer) => replyIn(answer).outcome),
        ["accepted", "accepted"]
      )
      assert.strictEqual(runs, 1)
    })
  )

  law(
    "P6/discard: a discarded call with a key is joined and known again",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      let runs = 0
      const { client } = yield* pair({
        Order: () => Effect.suspend(() => Effect.as(Deferred.await(gate), `run ${++runs}`))
      })
      yield* client.Order({ id: "a", amount: 1 }, { discard: true })
      yield* client.Order({ id: "a", amount: 1 }, { discard: true })
      const call = yield* Effect.forkChild(client.Order({ id: "a", amount: 1 }), { startImmediately: true })
      yield* advance("50 millis")
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(call), "run 1")
      // The stored answer is there already: told as a success, which a discarding caller takes too.
      assert.isUndefined(yield* client.Order({ id: "a", amount: 1 }, { discard: true }))
      assert.strictEqual(runs, 1)
    })
  )
}

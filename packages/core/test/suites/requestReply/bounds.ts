/**
 * P9. Everything has a limit, and at the limit there is an error or back-pressure, never growth.
 */
import { assert } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Rpc from "effect/rpc/Rpc"
import * as Requester from "../../../src/requester/Requester.ts"
import { requestErrorOf, statusOf } from "./failures.ts"
import { advance, type Law, until } from "./Harness.ts"
import { connect, newContract, pair } from "./programs.ts"

const ids = (count: number): ReadonlyArray<string> => Array.from({ length: count }, (_, index) => String(index))

export const boundLaws = (law: Law): void => {
  law(
    "P9/limit: calls in flight are bounded by count and by bytes, and a place is free again when a call ends",
    Effect.gen(function* () {
      const { client, inFlight } = yield* connect(newContract(), { maxInFlight: 3 })
      const start = (id: string) =>
        Effect.forkChild(client.Work({ id }).pipe(Requester.withTimeout("500 millis"), Effect.exit), {
          startImmediately: true
        })
      const calls = yield* Effect.forEach(ids(3), start)
      const error = yield* requestErrorOf(client.Work({ id: "too much" }))
      assert(error.reason._tag === "Overloaded")
      assert.deepInclude(error.reason, { limit: "maxInFlight", value: 3 })
      assert.isTrue(error.isCertainlyNotExecuted && error.isTransient)
      assert.strictEqual(yield* inFlight, 3)
      yield* advance("600 millis")
      yield* Effect.forEach(calls, Fiber.join)
      assert.strictEqual(yield* inFlight, 0)
      yield* start("room again")
      assert.strictEqual(yield* inFlight, 1)
    })
  )

  law(
    "P9/limit: the payload bytes of calls in flight are bounded",
    Effect.gen(function* () {
      const { client } = yield* connect(newContract(), { maxInFlightBytes: 100 })
      yield* Effect.forkChild(client.Work({ id: "x".repeat(60) }), { startImmediately: true })
      const error = yield* requestErrorOf(client.Work({ id: "x".repeat(60) }))
      assert(error.reason._tag === "Overloaded")
      assert.deepInclude(error.reason, { limit: "maxInFlightBytes", value: 100 })
    })
  )

  law(
    "P9/limit: no more handlers run at one time than allowed, and all requests are answered in the end",
    Effect.gen(function* () {
      let together = 0
      let most = 0
      const { client } = yield* pair(
        {
          Work: ({ id }) =>
            Effect.gen(function* () {
              most = Math.max(most, ++together)
              yield* Effect.yieldNow
              yield* Effect.yieldNow
              together--
              return id
            })
        },
        // Fetching stops and goes many times.
        { responder: { concurrency: 4, maxWaiting: 10 } }
      )
      const answers = yield* Effect.forEach(ids(300), (id) => client.Work({ id }), { concurrency: "unbounded" })
      assert.deepStrictEqual(answers, ids(300))
      assert.strictEqual(most, 4)
    })
  )

  law(
    "P9/limit: behind one key only so many may wait, more are answered overloaded with a time to wait",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { client } = yield* pair(
        { Append: ({ seq }) => Effect.as(Deferred.await(gate), String(seq)) },
        { responder: { maxWaitingPerKey: 2, retryAfter: "3 seconds" } }
      )
      const append = (seq: number) => client.Append({ key: "hot", seq }).pipe(Requester.withRoutingKey("hot"))
      const calls = yield* Effect.forEach([1, 2, 3], (seq) => Effect.forkChild(append(seq), { startImmediately: true }))
      const error = yield* requestErrorOf(append(4))
      assert(error.reason._tag === "Rejected")
      assert.deepInclude(error.reason, { status: "overloaded", retryAfterMillis: 3_000, isTransient: true })
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual(yield* Effect.forEach(calls, Fiber.join), ["1", "2", "3"])
    })
  )

  law(
    "P9/limit: a request that waited longer than maxWait is answered overloaded instead of being run",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const ran: Array<string> = []
      const { client } = yield* pair(
        {
          Work: ({ id }) => {
            ran.push(id)
            return Effect.as(Deferred.await(gate), id)
          }
        },
        { responder: { concurrency: 1, maxWait: "300 millis" } }
      )
      const first = yield* Effect.forkChild(client.Work({ id: "first" }), { startImmediately: true })
      yield* until("the first runs", () => ran.length === 1)
      const second = yield* Effect.forkChild(statusOf(client.Work({ id: "second" })), { startImmediately: true })
      yield* advance("500 millis")
      // Told then, not when its turn would have come.
      assert.strictEqual(yield* Fiber.join(second), "overloaded")
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(first), "first")
      assert.deepStrictEqual(ran, ["first"])
    })
  )

  law(
    "P9/limit: a forked handler takes no part in the limits",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { client } = yield* pair(
        {
          Work: ({ id }) => Rpc.fork(Effect.as(Deferred.await(gate), id)),
          Find: ({ id }) => Effect.succeed(id)
        },
        { responder: { concurrency: 1 } }
      )
      const forked = yield* Effect.forEach(ids(3), (id) =>
        Effect.forkChild(client.Work({ id }), { startImmediately: true })
      )
      assert.strictEqual(yield* client.Find({ id: "meanwhile" }), "meanwhile")
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual(yield* Effect.forEach(forked, Fiber.join), ids(3))
    })
  )

  law(
    "P9/limit: a handler can be forked and uninterruptible at once",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const ended: Array<string> = []
      const { client } = yield* pair(
        {
          Work: ({ id }) =>
            Rpc.wrap({ fork: true, uninterruptible: true })(
              Deferred.await(gate).pipe(Effect.andThen(Effect.sync(() => void ended.push(id))), Effect.as(id))
            ),
          Find: ({ id }) => Effect.succeed(id)
        },
        { responder: { concurrency: 1 } }
      )
      const call = yield* Effect.forkChild(client.Work({ id: "1" }), { startImmediately: true })
      assert.strictEqual(yield* client.Find({ id: "meanwhile" }), "meanwhile")
      yield* Fiber.interrupt(call)
      yield* advance("50 millis")
      yield* Deferred.succeed(gate, undefined)
      yield* until("it ended by itself", () => ended.length === 1)
    })
  )
}

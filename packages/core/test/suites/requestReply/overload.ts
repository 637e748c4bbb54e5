/**
 * P9. One slow or crowded operation, caller or key never stops the others, and a handler can refuse.
 */
import { assert } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Requester from "../../../src/requester/Requester.ts"
import * as Responder from "../../../src/responder/Responder.ts"
import { requestErrorOf, statusOf } from "./failures.ts"
import { advance, type Law, until } from "./Harness.ts"
import { connect, newContract, pair, serve } from "./programs.ts"

const ids = (count: number): ReadonlyArray<string> => Array.from({ length: count }, (_, index) => String(index))

const start = <A, E>(call: Effect.Effect<A, E>) => Effect.forkChild(call, { startImmediately: true })

export const overloadLaws = (law: Law): void => {
  law(
    "P9/overload: once the queue stands the newest has its turn first, and of one key the order stays",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const ran: Array<string> = []
      const note = (what: string) => Effect.sync(() => void ran.push(what)).pipe(Effect.as(what))
      let isHeld = false
      const { client } = yield* pair(
        {
          Find: ({ id }) => {
            isHeld = true
            return Effect.as(Deferred.await(gate), id)
          },
          Work: ({ id }) => note(id),
          Append: ({ key, seq }) => note(`${key} ${seq}`)
        },
        { responder: { concurrency: 1, partitions: 1 }, requester: { partitions: 1 } }
      )
      const append = (seq: number) => client.Append({ key: "k", seq }).pipe(Requester.withRoutingKey("k"))
      const first = yield* start(client.Find({ id: "first" }))
      yield* until("the place is taken", () => isHeld)
      const calls = [yield* start(append(1)), yield* start(append(2)), yield* start(client.Work({ id: "old" }))]
      yield* advance("1 second")
      const newest = yield* start(client.Work({ id: "new" }))
      yield* advance("50 millis")
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.forEach([first, newest, ...calls], (call) => Fiber.join<string, unknown>(call))
      assert.strictEqual(ran[0], "new")
      assert.isBelow(ran.indexOf("k 1"), ran.indexOf("k 2"))
    })
  )

  law(
    "P9/bulkhead: an operation at its Concurrency leaves the other places to other operations",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      let together = 0
      let most = 0
      const slow = ({ id }: { readonly id: string }) => {
        most = Math.max(most, ++together)
        return Deferred.await(gate).pipe(Effect.as(id), Effect.ensuring(Effect.sync(() => void together--)))
      }
      const { client } = yield* pair(
        { Limited: slow, Work: ({ id }) => Effect.succeed(id) },
        { responder: { concurrency: 3, maxWaiting: 10 } }
      )
      const limited = yield* Effect.forEach(ids(8), (id) =>
        Effect.forkChild(client.Limited({ id }), { startImmediately: true })
      )
      yield* until("as many run as may", () => together === 2)
      assert.deepStrictEqual(yield* Effect.forEach(ids(20), (id) => client.Work({ id })), ids(20))
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual(yield* Effect.forEach(limited, Fiber.join), ids(8))
      assert.strictEqual(most, 2)
    })
  )

  law(
    "P9/bulkhead: what waits at the Concurrency of its operation is bounded too, and the oldest is told overloaded",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      let running = 0
      const { client } = yield* pair(
        {
          Limited: ({ id }) => {
            running++
            return Effect.as(Deferred.await(gate), id)
          },
          Work: ({ id }) => Effect.succeed(id)
        },
        { responder: { concurrency: 4, maxWaiting: 4, partitions: 1 }, requester: { partitions: 1 } }
      )
      const limited = yield* Effect.forEach(ids(10), (id) =>
        Effect.forkChild(Effect.exit(client.Limited({ id })), { startImmediately: true })
      )
      yield* until("as many run as may", () => running === 2)
      assert.strictEqual(yield* client.Work({ id: "meanwhile" }), "meanwhile")
      yield* Deferred.succeed(gate, undefined)
      const exits = yield* Effect.forEach(limited, Fiber.join)
      assert.strictEqual(exits.filter(({ _tag }) => _tag === "Success").length, 6)
    })
  )

  law(
    "P9/max-wait: a request that waited longer than its operation's MaxWait, in the topic too, is told overloaded",
    Effect.gen(function* () {
      const contract = newContract()
      const gate = yield* Deferred.make<void>()
      const ran: Array<string> = []
      const wait = ({ id }: { readonly id: string }) => {
        ran.push(id)
        return Effect.as(Deferred.await(gate), id)
      }
      yield* serve(contract, { Hasty: wait, Work: wait }, { concurrency: 1, partitions: 1 })
      const { client } = yield* connect(contract, { partitions: 1 })
      const first = yield* Effect.forkChild(client.Work({ id: "first" }), { startImmediately: true })
      yield* until("the first runs", () => ran.length === 1)
      const hasty = yield* Effect.forkChild(statusOf(client.Hasty({ id: "hasty" })), { startImmediately: true })
      const patient = yield* Effect.forkChild(client.Work({ id: "patient" }), { startImmediately: true })
      yield* advance("500 millis")
      assert.strictEqual(yield* Fiber.join(hasty), "overloaded")
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(patient)], ["first", "patient"])
      assert.deepStrictEqual(ran, ["first", "patient"])
    })
  )

  law(
    "P9/priority: with one place the more urgent operation has it first",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const ran: Array<string> = []
      const note = ({ id }: { readonly id: string }) => Effect.sync(() => void ran.push(id)).pipe(Effect.as(id))
      const { client } = yield* pair(
        { Find: ({ id }) => Effect.as(Deferred.await(gate), id), Work: note, Urgent: note, Sometime: note },
        { responder: { concurrency: 1, partitions: 1 }, requester: { partitions: 1 } }
      )
      const calls = [
        yield* start(client.Find({ id: "first" })),
        yield* start(client.Sometime({ id: "low" })),
        yield* start(client.Work({ id: "normal" })),
        yield* start(client.Urgent({ id: "high" }))
      ]
      yield* advance("50 millis")
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.forEach(calls, (call) => Fiber.join<string, unknown>(call))
      assert.deepStrictEqual(ran, ["high", "normal", "low"])
    })
  )

  law(
    "P9/shares: a tenant that asks for more than there is does not take the turns of another",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const ran: Array<string> = []
      const { client } = yield* pair(
        {
          Find: ({ id }) => Effect.as(Deferred.await(gate), id),
          Work: ({ id }) => Effect.sync(() => void ran.push(id)).pipe(Effect.as(id))
        },
        {
          responder: { concurrency: 1, partitions: 1, fairShares: { header: "x-tenant" } },
          requester: { partitions: 1 }
        }
      )
      const startFor = (id: string, tenant: string) =>
        start(client.Work({ id }).pipe(Requester.withHeaders([["x-tenant", tenant]])))
      const first = yield* Effect.forkChild(client.Find({ id: "first" }), { startImmediately: true })
      const many = yield* Effect.forEach(ids(20), (id) => startFor(`many ${id}`, "many"))
      const few = yield* Effect.forEach(ids(3), (id) => startFor(`few ${id}`, "few"))
      yield* advance("50 millis")
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.forEach([first, ...many, ...few], (call) => Fiber.join<string, unknown>(call))
      // One after the other in turn.
      assert.isAtMost(ran.indexOf("few 2"), 6)
    })
  )

  law(
    "P9/reject: a handler says unavailable and when to come back; the caller's policy tries again, not earlier",
    Effect.gen(function* () {
      const at: Array<number> = []
      const { client } = yield* pair({
        Put: ({ id }) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) => {
            at.push(now)
            return at.length === 1
              ? Responder.reject("unavailable", { retryAfter: "700 millis", message: "the database is away" })
              : Effect.succeed(id)
          })
      })
      const call = yield* Effect.forkChild(client.Put({ id: "1" }), { startImmediately: true })
      yield* until("it was refused once", () => at.length === 1)
      yield* advance("1100 millis")
      assert.strictEqual(yield* Fiber.join(call), "1")
      assert.isAtLeast(at[1]! - at[0]!, 690)
    })
  )

  law(
    "P9/reject: what a handler refuses is not retried where it may run once only, is told, and is not kept",
    Effect.gen(function* () {
      let runs = 0
      const outcomes: Array<string> = []
      const { client } = yield* pair(
        {
          Order: ({ id }) =>
            Effect.suspend(() =>
              ++runs === 1 ? Responder.reject("overloaded", { message: "no worker is free" }) : Effect.succeed(id)
            )
        },
        { responder: { onAnswered: ({ outcome }) => void outcomes.push(outcome) } }
      )
      const error = yield* requestErrorOf(client.Order({ id: "a", amount: 1 }))
      assert(error.reason._tag === "Rejected")
      assert.deepInclude(error.reason, { status: "overloaded", detail: "no worker is free", isTransient: true })
      assert.isFalse(error.isSafeToRetry)
      // The same key again: nothing was kept, so it runs.
      assert.strictEqual(yield* client.Order({ id: "a", amount: 1 }), "a")
      assert.deepStrictEqual(outcomes, ["overloaded", "success"])
    })
  )
}

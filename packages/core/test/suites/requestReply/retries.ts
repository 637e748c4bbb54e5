/**
 * P7. Only what may be retried is; all attempts are one call, inside its one deadline.
 */
import { assert } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Requester from "../../../src/requester/Requester.ts"
import * as CorrelationId from "../../../src/wire/CorrelationId.ts"
import { reasonOf, requestErrorOf, statusOf } from "./failures.ts"
import { advance, type Law, until } from "./Harness.ts"
import { connect, newContract, pair } from "./programs.ts"
import * as ScriptedResponder from "./ScriptedResponder.ts"
import { namesOf, requestIn, watch } from "./topics.ts"

const overloaded = (retryAfter?: number): ScriptedResponder.Answer => ({
  outcome: "rejected",
  status: "overloaded",
  value: { message: "busy" },
  ...(retryAfter === undefined ? {} : { retryAfter })
})

const success = (value: string): ScriptedResponder.Answer => ({ outcome: "success", value })

export const retryLaws = (law: Law): void => {
  law(
    "P7/retry: a rejected attempt is made again under the same correlation id, and the reply tells which attempt it answers",
    Effect.gen(function* () {
      const contract = newContract()
      const { client } = yield* connect(contract)
      const seen = yield* ScriptedResponder.answering(contract, ({ attempt }) =>
        attempt < 3 ? overloaded() : success("third")
      )
      const call = yield* client
        .Put({ id: "1" })
        .pipe(Requester.withReplyMetadata, Effect.forkChild({ startImmediately: true }))
      yield* advance("150 millis")
      yield* advance("250 millis")
      const [value, metadata] = yield* Fiber.join(call)
      assert.strictEqual(value, "third")
      assert.strictEqual(metadata?.attempt, 3)
      assert.deepStrictEqual(
        seen.map(({ envelope }) => envelope.attempt),
        [1, 2, 3]
      )
      const ids = seen.map(({ envelope }) => CorrelationId.toHex(envelope.correlationId))
      assert.strictEqual(new Set(ids).size, 1)
      assert.strictEqual(new Set(seen.map(({ record }) => record.partition)).size, 1)
      assert.strictEqual(new Set(seen.map(({ envelope }) => envelope.deadline)).size, 1)
    })
  )

  law(
    "P7/retry: a responder's push-back replaces the backoff, and up to 40 % more of it",
    Effect.gen(function* () {
      const contract = newContract()
      const { client } = yield* connect(contract)
      const seen = yield* ScriptedResponder.answering(contract, ({ attempt }) =>
        attempt === 1 ? overloaded(700) : success("done")
      )
      const before = yield* Clock.currentTimeMillis
      const call = yield* Effect.forkChild(client.Put({ id: "1" }).pipe(Effect.andThen(Clock.currentTimeMillis)), {
        startImmediately: true
      })
      yield* advance("600 millis")
      assert.strictEqual(seen.length, 1)
      yield* advance("400 millis")
      assert.isAtLeast((yield* Fiber.join(call)) - before, 700)
      assert.strictEqual(seen.length, 2)
    })
  )

  law(
    "P7/retry: an operation that may run once is never retried",
    Effect.gen(function* () {
      const contract = newContract()
      const { client } = yield* connect(contract)
      const seen = yield* ScriptedResponder.answering(contract, () => overloaded(10))
      for (const call of [client.Work({ id: "1" }), client.Order({ id: "1", amount: 1 })]) {
        const error = yield* requestErrorOf(call)
        assert(error.reason._tag === "Rejected")
        assert.strictEqual(error.reason.status, "overloaded")
        assert.strictEqual(error.reason.retryAfterMillis, 10)
        assert.strictEqual(error.reason.detail, "busy")
        assert.isTrue(error.isTransient)
        assert.isFalse(error.isCertainlyNotExecuted)
      }
      yield* advance("300 millis")
      assert.strictEqual(seen.length, 2)
    })
  )

  law(
    "P7/retry: retries of reads go to other partitions, others stay with their key's",
    Effect.gen(function* () {
      const contract = newContract()
      const { client } = yield* connect(contract)
      const seen = yield* ScriptedResponder.answering(contract, ({ attempt }) =>
        attempt < 3 ? overloaded(1) : success("done")
      )
      const find = yield* Effect.forkChild(client.Find({ id: "1" }).pipe(Requester.withRoutingKey("key")), {
        startImmediately: true
      })
      yield* Effect.repeat(advance("50 millis"), { times: 3 })
      yield* Fiber.join(find)
      assert.strictEqual(new Set(seen.map(({ record }) => record.partition)).size, 3)
      seen.length = 0
      const put = yield* Effect.forkChild(client.Put({ id: "1" }).pipe(Requester.withRoutingKey("key")), {
        startImmediately: true
      })
      yield* Effect.repeat(advance("50 millis"), { times: 3 })
      yield* Fiber.join(put)
      assert.strictEqual(seen.length, 3)
      assert.strictEqual(new Set(seen.map(({ record }) => record.partition)).size, 1)
    })
  )

  law(
    "P7/retry: unimplemented is retried for reads only, so that rolling upgrades work",
    Effect.gen(function* () {
      const contract = newContract()
      const { client } = yield* connect(contract)
      const seen = yield* ScriptedResponder.answering(contract, ({ attempt, operation }) =>
        attempt === 1 ? { outcome: "rejected", status: "unimplemented" } : success(operation)
      )
      const find = yield* Effect.forkChild(client.Find({ id: "1" }), { startImmediately: true })
      yield* advance("150 millis")
      assert.strictEqual(yield* Fiber.join(find), "Find")
      assert.strictEqual(yield* statusOf(client.Put({ id: "1" })), "unimplemented")
      assert.strictEqual(seen.length, 3)
    })
  )

  law(
    "P7/retry: a rejection of an older attempt does not end the call",
    Effect.gen(function* () {
      const contract = newContract()
      const { client } = yield* connect(contract)
      const held: Array<ScriptedResponder.Seen> = []
      yield* ScriptedResponder.answering(contract, (_, seen) => {
        held.push(seen)
        return undefined
      })
      const call = yield* Effect.forkChild(client.Put({ id: "1" }), { startImmediately: true })
      yield* until("the first attempt is seen", () => held.length === 1)
      yield* advance("1100 millis")
      yield* until("the second attempt is seen", () => held.length === 2)
      yield* ScriptedResponder.reply(held[0]!, { outcome: "rejected", status: "invalid" })
      yield* ScriptedResponder.reply(held[1]!, success("second"))
      assert.strictEqual(yield* Fiber.join(call), "second")
    })
  )

  law(
    "P7/retry: a success of any attempt ends the call",
    Effect.gen(function* () {
      const contract = newContract()
      const { client } = yield* connect(contract)
      const held: Array<ScriptedResponder.Seen> = []
      yield* ScriptedResponder.answering(contract, (_, seen) => {
        held.push(seen)
        return undefined
      })
      const call = yield* Effect.forkChild(client.Put({ id: "1" }), { startImmediately: true })
      yield* until("the first attempt is seen", () => held.length === 1)
      yield* advance("1100 millis")
      yield* until("the second attempt is seen", () => held.length === 2)
      yield* ScriptedResponder.reply(held[0]!, success("first"))
      assert.strictEqual(yield* Fiber.join(call), "first")
    })
  )

  law(
    "P7/retry: when all attempts are used up the last rejection is the outcome",
    Effect.gen(function* () {
      const contract = newContract()
      const { client } = yield* connect(contract)
      const seen = yield* ScriptedResponder.answering(contract, () => overloaded(5))
      const call = yield* Effect.forkChild(statusOf(client.Put({ id: "1" })), { startImmediately: true })
      yield* advance("50 millis")
      yield* advance("50 millis")
      assert.strictEqual(yield* Fiber.join(call), "overloaded")
      assert.strictEqual(seen.length, 3)
    })
  )

  law(
    "P7/retry: retries stop while the budget is spent, and a success gives some back",
    Effect.gen(function* () {
      const contract = newContract()
      const { client } = yield* connect(contract, { retryBudget: 4, retryBudgetRatio: 1 })
      let isBusy = true
      const seen = yield* ScriptedResponder.answering(contract, () => (isBusy ? overloaded(5) : success("done")))
      const attemptsOf = Effect.fnUntraced(function* <A, E>(call: Effect.Effect<A, E>) {
        seen.length = 0
        const fiber = yield* Effect.forkChild(Effect.exit(call), { startImmediately: true })
        yield* advance("50 millis")
        yield* advance("50 millis")
        yield* Fiber.join(fiber)
        return seen.length
      })
      // Four tokens: every failure takes one, and at two, which is half, none is retried.
      assert.strictEqual(yield* attemptsOf(client.Put({ id: "1" })), 2)
      assert.strictEqual(yield* attemptsOf(client.Put({ id: "2" })), 1)
      isBusy = false
      for (const id of ["3", "4", "5"]) assert.strictEqual(yield* attemptsOf(client.Put({ id })), 1)
      isBusy = true
      assert.strictEqual(yield* attemptsOf(client.Put({ id: "6" })), 2)
    })
  )

  law(
    "P7/retry: an attempt that is not answered is made again, and the responder runs it once",
    Effect.gen(function* () {
      let runs = 0
      const { contract, client } = yield* pair({
        Put: () => Effect.delay(Effect.succeed("done"), "1500 millis").pipe(Effect.tap(Effect.sync(() => runs++)))
      })
      const sent = yield* watch(namesOf(contract).requests)
      const call = yield* Effect.forkChild(client.Put({ id: "1" }), { startImmediately: true })
      yield* advance("1 second")
      yield* until("the second attempt is written", () => sent.length === 2)
      yield* advance("600 millis")
      assert.strictEqual(yield* Fiber.join(call), "done")
      assert.strictEqual(runs, 1)
      assert.deepStrictEqual(
        sent.map((record) => requestIn(record).attempt),
        [1, 2]
      )
    })
  )

  law(
    "P7/retry: all attempts stay inside the one deadline of the call",
    Effect.gen(function* () {
      const contract = newContract()
      const { client } = yield* connect(contract)
      const seen = yield* ScriptedResponder.answering(contract, () => overloaded(6_000))
      const before = yield* Clock.currentTimeMillis
      const call = yield* Effect.forkChild(reasonOf(client.Put({ id: "1" })), { startImmediately: true })
      yield* advance("100 millis")
      // A retry after the deadline would be of no use: the rejection is told at once.
      yield* until("the call ended", () => call.pollUnsafe() !== undefined)
      assert.isBelow((yield* Clock.currentTimeMillis) - before, 4_000)
      assert.strictEqual((yield* Fiber.join(call))._tag, "Rejected")
      assert.strictEqual(seen.length, 1)
    })
  )
}

/**
 * P7. A hedge is another attempt of a call beside one that takes its time: of reads only, on another partition, inside the
 * call's deadline and a budget; the call has one outcome.
 */
import { assert } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Contract from "../../../src/contract/Contract.ts"
import * as Requester from "../../../src/requester/Requester.ts"
import { RequestInfo } from "../../../src/responder/RequestInfo.ts"
import * as RequesterMetrics from "../../../src/telemetry/RequesterMetrics.ts"
import * as CorrelationId from "../../../src/wire/CorrelationId.ts"
import { reasonOf, statusOf } from "./failures.ts"
import { advance, Harness, type Law, until } from "./Harness.ts"
import { connect, newContract, newName, pair } from "./programs.ts"
import * as ScriptedResponder from "./ScriptedResponder.ts"
import { operations } from "./TestContract.ts"

const success = (value: string): ScriptedResponder.Answer => ({ outcome: "success", value })

const rejected = (status: string): ScriptedResponder.Answer => ({ outcome: "rejected", status, value: { message: "" } })

const fork = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.forkChild(effect, { startImmediately: true })

const ignored = (kind: string) =>
  Effect.map(Metric.value(Metric.withAttributes(RequesterMetrics.repliesIgnored, { kind })), ({ count }) => count)

const counted = (metric: typeof RequesterMetrics.hedges) =>
  Effect.map(Metric.value(Metric.withAttributes(metric, { operation: "Look" })), ({ count }) => count)

/** A requester whose requests nobody answers until the test does. */
const unanswered = Effect.gen(function* () {
  const contract = newContract()
  const { client } = yield* connect(contract)
  const seen = yield* ScriptedResponder.answering(contract, () => undefined)
  return { client, contract, seen }
})

/** The first attempt and its hedge, both at responders. */
const both = Effect.gen(function* () {
  const { client, seen } = yield* unanswered
  const call = yield* fork(client.Look({ id: "1" }))
  yield* until("the first attempt is seen", () => seen.length === 1)
  yield* advance("300 millis")
  yield* until("the hedge is seen", () => seen.length === 2)
  return { call, first: seen[0]!, hedge: seen[1]! }
})

export const hedgingLaws = (law: Law): void => {
  law(
    "P7/hedging: a call that a slow partition holds up is answered through another one, within the delay and the usual time",
    Effect.gen(function* () {
      const { slackMillis } = yield* Harness
      const contract = newContract()
      const { client } = yield* connect(contract)
      const seen = yield* ScriptedResponder.answering(contract, ({ attempt }) =>
        attempt === 1 ? undefined : success("second")
      )
      const before = yield* Effect.all([counted(RequesterMetrics.hedges), counted(RequesterMetrics.hedgesWon)])
      const startedAt = yield* Clock.currentTimeMillis
      const call = yield* fork(
        client.Look({ id: "1" }).pipe(Requester.withReplyMetadata, Effect.zip(Clock.currentTimeMillis))
      )
      yield* advance("300 millis")
      const [[value, metadata], endedAt] = yield* Fiber.join(call)
      assert.deepStrictEqual([value, metadata?.attempt], ["second", 2])
      assert.isAtMost(endedAt - startedAt, 300 + slackMillis)
      assert.deepStrictEqual(
        seen.map(({ envelope }) => envelope.attempt),
        [1, 2]
      )
      assert.strictEqual(new Set(seen.map(({ record }) => record.partition)).size, 2)
      assert.strictEqual(new Set(seen.map(({ envelope }) => CorrelationId.toHex(envelope.correlationId))).size, 1)
      assert.strictEqual(new Set(seen.map(({ envelope }) => envelope.deadline)).size, 1)
      const after = yield* Effect.all([counted(RequesterMetrics.hedges), counted(RequesterMetrics.hedgesWon)])
      assert.deepStrictEqual(
        after.map((count, index) => count - before[index]!),
        [1, 1]
      )
    })
  )

  law(
    "P7/hedging: the first reply is the outcome, the other one is late and of no foreign call",
    Effect.gen(function* () {
      const kinds = ["late", "foreign", "duplicate", "forged"]
      for (const isFirst of [true, false]) {
        const { call, first, hedge } = yield* both
        const before = yield* Effect.forEach(kinds, ignored)
        yield* ScriptedResponder.reply(isFirst ? first : hedge, success("winner"))
        assert.strictEqual(yield* Fiber.join(call), "winner")
        yield* ScriptedResponder.reply(isFirst ? hedge : first, success("loser"))
        let counts: ReadonlyArray<number> = []
        yield* Effect.repeat(
          advance("20 millis").pipe(
            Effect.andThen(Effect.forEach(kinds, ignored)),
            Effect.map((now) => (counts = now.map((count, index) => count - before[index]!)))
          ),
          { until: ([late]) => late === 1, times: 200 }
        )
        assert.deepStrictEqual(counts, [1, 0, 0, 0])
      }
    })
  )

  law(
    "P7/hedging: the handler of an attempt that lost is interrupted",
    Effect.gen(function* () {
      const interrupted: Array<number> = []
      const both = yield* Deferred.make<void>()
      const { client } = yield* pair({
        Look: Effect.fnUntraced(function* () {
          const attempt = (yield* RequestInfo)!.attempt
          if (attempt === 2) return yield* Effect.as(Deferred.await(both), "second")
          return yield* Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted.push(attempt)))
        })
      })
      const call = yield* fork(client.Look({ id: "1" }))
      yield* advance("300 millis")
      yield* Deferred.succeed(both, undefined)
      assert.strictEqual(yield* Fiber.join(call), "second")
      yield* until("the first attempt's handler is interrupted", () => interrupted.length === 1)
      assert.deepStrictEqual(interrupted, [1])
    })
  )

  law(
    "P7/hedging: an attempt that is rejected for now ends nothing while another is out, one for good ends the call",
    Effect.gen(function* () {
      for (const isFirst of [true, false]) {
        const { call, first, hedge } = yield* both
        yield* ScriptedResponder.reply(isFirst ? first : hedge, rejected("overloaded"))
        yield* advance("100 millis")
        assert.isUndefined(call.pollUnsafe())
        yield* ScriptedResponder.reply(isFirst ? hedge : first, success("other"))
        assert.strictEqual(yield* Fiber.join(call), "other")
      }
      const { call, first } = yield* both
      const ended = yield* fork(statusOf(Fiber.join(call)))
      yield* ScriptedResponder.reply(first, rejected("invalid"))
      assert.strictEqual(yield* Fiber.join(ended), "invalid")
    })
  )

  law(
    "P7/hedging: the deadline holds for all attempts together",
    Effect.gen(function* () {
      const { client, seen } = yield* unanswered
      const call = yield* fork(reasonOf(client.Look({ id: "1" }).pipe(Requester.withTimeout("500 millis"))))
      yield* until("the first attempt is seen", () => seen.length === 1)
      yield* advance("300 millis")
      yield* until("the hedge is seen", () => seen.length === 2)
      yield* advance("200 millis")
      const reason = yield* Fiber.join(call)
      assert(reason._tag === "Timeout")
      assert.deepStrictEqual([reason.attempts, reason.delivery, reason.timeoutMillis], [2, "acknowledged", 500])
    })
  )

  law(
    "P7/hedging: hedges are bounded by their share of the calls and a burst of five",
    Effect.gen(function* () {
      const { client, seen } = yield* unanswered
      const hedges = (): number => seen.filter(({ envelope }) => envelope.attempt > 1).length
      for (let round = 1; round <= 3; round++) {
        const calls = yield* Effect.forEach(Array.from({ length: 20 }), (_, index) =>
          fork(Effect.exit(client.Look({ id: `${index}` })))
        )
        yield* advance("300 millis")
        yield* until("the round's hedges are seen", () => hedges() === 5 + 2 * (round - 1))
        yield* advance("300 millis")
        assert.isAtMost(hedges(), 5 + 0.1 * 20 * round)
        yield* Fiber.interruptAll(calls)
      }
    })
  )

  law(
    "P7/hedging: nothing is hedged that is not Safe, and nothing that does not ask for it",
    Effect.gen(function* () {
      const { client, seen } = yield* unanswered
      const calls = yield* Effect.forEach(
        [
          client.Work({ id: "1" }),
          client.Find({ id: "1" }),
          client.Put({ id: "1" }),
          client.Order({ id: "1", amount: 1 }),
          client.Look({ id: "1" }).pipe(Requester.withHedge(false)),
          client.Look({ id: "1" }, { discard: true })
        ],
        (call) => fork(Effect.exit(call))
      )
      yield* until("all are seen", () => seen.length === calls.length)
      yield* advance("600 millis")
      assert.strictEqual(seen.length, calls.length)
      yield* Fiber.interruptAll(calls)
    })
  )

  law(
    "P7/hedging: a requester of an operation that is not Safe and says Hedge does not start, nor one of a hedge that cannot be",
    Effect.gen(function* () {
      const policy: Contract.HedgePolicy = { delay: "20 millis" }
      const reasons: Array<string> = []
      const find = operations.requests.get("Find")!
      for (const rpc of [
        operations.requests.get("Work")!.annotate(Contract.Hedge, policy),
        operations.requests.get("Put")!.annotate(Contract.Hedge, policy),
        find.annotate(Contract.Hedge, { delay: 0 }),
        find.annotate(Contract.Hedge, { delay: { percentile: 100 } }),
        find.annotate(Contract.Hedge, { delay: { percentile: 95, min: 20, max: 10 } }),
        find.annotate(Contract.Hedge, { ...policy, maxAttempts: 1 }),
        find.annotate(Contract.Hedge, { ...policy, budget: 2 })
      ]) {
        const contract = operations.add(rpc as never).annotate(Contract.Name, newName())
        const error = yield* Effect.flip(Effect.scoped(Requester.make(contract, { topics: "create" })))
        const { reason } = error
        reasons.push(reason._tag === "InvalidOption" ? reason.option : reason._tag)
        assert.include(error.message, "Contract.Hedge")
      }
      const of = "of Contract.Hedge of Find"
      assert.deepStrictEqual(reasons, [
        "Unsupported",
        "Unsupported",
        `delay ${of}`,
        `delay ${of}`,
        `delay ${of}`,
        `maxAttempts ${of}`,
        `budget ${of}`
      ])
    })
  )
}

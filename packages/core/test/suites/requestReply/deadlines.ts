/**
 * P5. Deadlines travel: work that nobody waits for is dropped, handlers see what is left, nested calls inherit it.
 */
import { assert } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Contract from "../../../src/contract/Contract.ts"
import * as CallBudget from "../../../src/contract/CallBudget.ts"
import * as CallSettings from "../../../src/requester/CallSettings.ts"
import * as Requester from "../../../src/requester/Requester.ts"
import * as RequestEnvelope from "../../../src/wire/RequestEnvelope.ts"
import { reasonOf, statusOf } from "./failures.ts"
import { advance, type Law, until } from "./Harness.ts"
import { connect, newContract, pair, serve } from "./programs.ts"
import { bytes, namesOf, post, replyIn, requestIn, watch } from "./topics.ts"

/** The clock, but its wall time is ahead. */
const ahead = (clock: Clock.Clock, millis: number): Clock.Clock => ({
  sleep: (duration) => clock.sleep(duration),
  currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + millis,
  currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + millis),
  currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe() + BigInt(millis) * 1_000_000n,
  currentTimeNanos: Effect.map(clock.currentTimeNanos, (now) => now + BigInt(millis) * 1_000_000n),
  monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
  monotonicTimeNanos: clock.monotonicTimeNanos
})

export const deadlineLaws = (law: Law): void => {
  law(
    "P5/deadline: the deadline and the timeout are on the wire",
    Effect.gen(function* () {
      const { contract, client } = yield* pair({ Work: () => Effect.succeed("done") })
      const sent = yield* watch(namesOf(contract).requests)
      const before = yield* Clock.currentTimeMillis
      yield* client.Work({ id: "1" }).pipe(Requester.withTimeout("3 seconds"))
      const after = yield* Clock.currentTimeMillis
      yield* until("the request is seen", () => sent.length === 1)
      const { deadline, timeout } = requestIn(sent[0]!)
      assert.strictEqual(timeout, 3_000)
      assert.isAtLeast(deadline, before + 3_000)
      assert.isAtMost(deadline, after + 3_000)
    })
  )

  law(
    "P5/deadline: a request past its deadline and the allowance for skew is answered expired, without being decoded or run",
    Effect.gen(function* () {
      const contract = newContract()
      const ran: Array<string> = []
      yield* connect(contract)
      yield* serve(
        contract,
        {
          Work: ({ id }) => {
            ran.push(id)
            return Effect.succeed(`done ${id}`)
          }
        },
        { clockSkew: "500 millis" }
      )
      yield* advance("2 seconds")
      const { replies, requests } = namesOf(contract)
      const answers = yield* watch(replies)
      const now = yield* Clock.currentTimeMillis
      const send = (deadline: number, counter: number, value: string) =>
        post(requests, {
          headers: RequestEnvelope.encode({
            operation: "Work",
            deadline,
            timeout: 5_000,
            correlationId: Uint8Array.of(counter),
            replyTo: { topic: replies, partition: 0 },
            attempt: 1
          }),
          value: bytes(value)
        })
      yield* send(now - 1_500, 1, `{"id":`)
      yield* until("it is answered", () => answers.length === 1)
      assert.deepInclude(replyIn(answers[0]!), { outcome: "rejected", status: "expired" })
      // Late, but inside the allowance: clocks may differ that much.
      const later = yield* Clock.currentTimeMillis
      yield* send(later - 10, 2, `{"id":"late"}`)
      yield* until("it is answered too", () => answers.length === 2)
      assert.strictEqual(replyIn(answers[1]!).outcome, "success")
      assert.deepStrictEqual(ran, ["late"])
    })
  )

  law(
    "P5/deadline: a request whose time is up before its turn comes is not run",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const ran: Array<string> = []
      const { client, responder } = yield* pair(
        {
          Work: ({ id }) => {
            ran.push(id)
            return id === "first" ? Effect.as(Deferred.await(gate), "done") : Effect.succeed("done")
          }
        },
        { responder: { concurrency: 1 } }
      )
      const first = yield* Effect.forkChild(client.Work({ id: "first" }), { startImmediately: true })
      yield* until("the first runs", () => ran.length === 1)
      const second = yield* client
        .Work({ id: "second" })
        .pipe(Requester.withTimeout("500 millis"), reasonOf, Effect.forkChild({ startImmediately: true }))
      yield* advance("1 second")
      assert.strictEqual((yield* Fiber.join(second))._tag, "Timeout")
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(first), "done")
      assert.strictEqual(yield* client.Work({ id: "third" }), "done")
      assert.deepStrictEqual(ran, ["first", "third"])
      assert.strictEqual(yield* responder.running, 0)
    })
  )

  law(
    "P5/deadline: a handler is interrupted when the time of its request is up",
    Effect.gen(function* () {
      let interruptedAt = 0
      const { client, responder } = yield* pair({
        Work: () =>
          Effect.never.pipe(
            Effect.onInterrupt(() => Effect.map(Clock.currentTimeMillis, (now) => (interruptedAt = now)))
          )
      })
      const before = yield* Clock.currentTimeMillis
      const call = yield* client
        .Work({ id: "1" })
        .pipe(Requester.withTimeout("500 millis"), reasonOf, Effect.forkChild({ startImmediately: true }))
      yield* advance("1 second")
      assert.strictEqual((yield* Fiber.join(call))._tag, "Timeout")
      yield* until("the handler is interrupted", () => interruptedAt > 0)
      assert.isAtLeast(interruptedAt - before, 500)
      assert.strictEqual(yield* responder.running, 0)
    })
  )

  law(
    "P5/deadline: a handler sees how much time is left",
    Effect.gen(function* () {
      const { client } = yield* pair({
        Work: () => Effect.map(CallBudget.remaining, (left) => String(Duration.toMillis(Option.getOrThrow(left))))
      })
      const left = Number(yield* client.Work({ id: "1" }).pipe(Requester.withTimeout("3 seconds")))
      assert.isAtMost(left, 3_000)
      assert.isAtLeast(left, 1_000)
      assert.isTrue(Option.isNone(yield* CallBudget.remaining))
    })
  )

  law(
    "P5/deadline: calls made inside a handler inherit its deadline, and are not sent when it is over",
    Effect.gen(function* () {
      const inner = newContract()
      yield* serve(inner, { Find: ({ id }) => Effect.succeed(`found ${id}`) })
      const { client: nested } = yield* connect(inner)
      const sent = yield* watch(namesOf(inner).requests)
      const late = yield* Deferred.make<string>()
      const gate = yield* Deferred.make<void>()
      const { client } = yield* pair({
        Work: ({ id }) =>
          id === "in time"
            ? Effect.orDie(nested.Find({ id }))
            : Deferred.await(gate).pipe(
                Effect.andThen(reasonOf(nested.Find({ id }))),
                Effect.tap((reason) => Deferred.succeed(late, reason._tag)),
                Effect.as("too late"),
                Effect.uninterruptible
              )
      })
      assert.strictEqual(
        yield* client.Work({ id: "in time" }).pipe(Requester.withTimeout("2 seconds")),
        "found in time"
      )
      yield* until("the nested request is seen", () => sent.length === 1)
      assert.isAtMost(requestIn(sent[0]!).timeout, 2_000)
      const call = yield* client
        .Work({ id: "late" })
        .pipe(Requester.withTimeout("300 millis"), reasonOf, Effect.forkChild({ startImmediately: true }))
      yield* advance("500 millis")
      yield* Fiber.join(call)
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Deferred.await(late), "BudgetExhausted")
      assert.strictEqual(sent.length, 1)
    })
  )

  law(
    "P5/deadline: a responder whose clock is far ahead is reported as clock skew, with both clocks",
    Effect.gen(function* () {
      const contract = newContract()
      const clock = yield* Clock.Clock
      yield* serve(contract, { Work: () => Effect.succeed("done") }).pipe(
        Effect.provideService(Clock.Clock, ahead(clock, 60_000))
      )
      const { client } = yield* connect(contract)
      const reason = yield* reasonOf(client.Work({ id: "1" }))
      assert(reason._tag === "ClockSkew")
      assert.isAtLeast(reason.responderMillis - reason.requesterMillis, 55_000)
    })
  )

  law(
    "P5/deadline: a responder whose clock is ahead by less than the allowance serves as if it were not",
    Effect.gen(function* () {
      const contract = newContract()
      const clock = yield* Clock.Clock
      yield* serve(contract, {
        Work: () => Effect.map(CallBudget.remaining, (left) => String(Duration.toMillis(Option.getOrThrow(left))))
      }).pipe(Effect.provideService(Clock.Clock, ahead(clock, 4_000)))
      const { client } = yield* connect(contract)
      // Timeout 2 s, clocks 4 s apart: deadline + 5 s - now leaves 3 s, the timeout is shorter.
      const left = Number(yield* client.Work({ id: "1" }).pipe(Requester.withTimeout("2 seconds")))
      assert.isAbove(left, 0)
      assert.isAtMost(left, 2_000)
    })
  )

  law(
    "P5/deadline: a responder with a shorter maxTimeout answers expired",
    Effect.gen(function* () {
      const { client } = yield* pair({ Work: () => Effect.never }, { responder: { maxTimeout: "300 millis" } })
      const call = yield* Effect.forkChild(statusOf(client.Work({ id: "1" })), { startImmediately: true })
      yield* advance("400 millis")
      assert.strictEqual(yield* Fiber.join(call), "expired")
    })
  )

  law(
    "P5/deadline: a timeout is read from the call, then from around it, then from the contract, then from the requester",
    Effect.gen(function* () {
      const contract = newContract()
      const patient = contract.annotateRpcs(Contract.Timeout, "3 seconds")
      const { client: plain } = yield* connect(contract, { timeout: "4 seconds" })
      const { client } = yield* connect(patient, { timeout: "4 seconds" })
      const sent = yield* watch(namesOf(contract).requests)
      const context = Context.make(CallSettings.Timeout, "1 second")
      const calls = [
        plain.Work({ id: "requester" }),
        client.Work({ id: "contract" }),
        client.Work({ id: "around" }).pipe(Requester.withTimeout("2 seconds")),
        client.Work({ id: "call" }, { context }).pipe(Requester.withTimeout("2 seconds"))
      ]
      for (const [index, call] of calls.entries()) {
        yield* Effect.forkChild(Effect.exit(call), { startImmediately: true })
        yield* until("its request is seen", () => sent.length === index + 1)
      }
      assert.deepStrictEqual(
        sent.map((record) => requestIn(record).timeout),
        [4_000, 3_000, 2_000, 1_000]
      )
    })
  )
}

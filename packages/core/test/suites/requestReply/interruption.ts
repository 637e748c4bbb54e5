/**
 * P13. An interrupted caller frees its place at once, and the handler that works for nobody is interrupted.
 */
import { assert } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Rpc from "effect/rpc/Rpc"
import { advance, type Law, until } from "./Harness.ts"
import * as Requester from "../../../src/requester/Requester.ts"
import * as RequestEnvelope from "../../../src/wire/RequestEnvelope.ts"
import { pair } from "./programs.ts"
import { bytes, namesOf, post, watch } from "./topics.ts"

/** A handler that never ends, and what became of its runs. */
const endless = () => {
  const started: Array<string> = []
  const interrupted: Array<string> = []
  const handler = ({ id }: { readonly id: string }) =>
    Effect.suspend(() => {
      started.push(id)
      return Effect.never
    }).pipe(Effect.onInterrupt(() => Effect.sync(() => void interrupted.push(id))))
  return { started, interrupted, handler }
}

export const interruptionLaws = (law: Law): void => {
  law(
    "P13/interruption: interrupting a caller interrupts the handler, and frees the place at once",
    Effect.gen(function* () {
      const { handler, interrupted, started } = endless()
      const { client, inFlight, responder } = yield* pair({ Work: handler })
      const call = yield* Effect.forkChild(client.Work({ id: "1" }), { startImmediately: true })
      yield* until("the handler runs", () => started.length === 1)
      yield* Fiber.interrupt(call)
      assert.strictEqual(yield* inFlight, 0)
      yield* until("the handler is interrupted", () => interrupted.length === 1)
      assert.strictEqual(yield* responder.running, 0)
    })
  )

  law(
    "P13/interruption: a request whose caller has gone before its turn came is not run",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const ran: Array<string> = []
      const { contract, client } = yield* pair(
        {
          Work: ({ id }) => {
            ran.push(id)
            return Effect.as(id === "first" ? Deferred.await(gate) : Effect.void, id)
          }
        },
        { responder: { concurrency: 1 } }
      )
      const cancels = yield* watch(namesOf(contract).control)
      const sent = yield* watch(namesOf(contract).requests)
      const first = yield* Effect.forkChild(client.Work({ id: "first" }), { startImmediately: true })
      yield* until("the first runs", () => ran.length === 1)
      const second = yield* Effect.forkChild(client.Work({ id: "second" }), { startImmediately: true })
      yield* until("the second is written", () => sent.length === 2)
      // It is acknowledged a moment after it is written.
      yield* advance("50 millis")
      yield* Fiber.interrupt(second)
      yield* until("its cancel is written", () => cancels.length === 1)
      yield* advance("50 millis")
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(first), "first")
      assert.strictEqual(yield* client.Work({ id: "third" }), "third")
      assert.deepStrictEqual(ran, ["first", "third"])
    })
  )

  law(
    "P13/interruption: of callers of one key who leave together, none is run for nobody",
    Effect.gen(function* () {
      const { handler, started } = endless()
      const { client, inFlight } = yield* pair({ Work: handler })
      const ask = (id: string) =>
        client.Work({ id }).pipe(Requester.withRoutingKey("key"), Effect.forkChild({ startImmediately: true }))
      const first = yield* ask("1")
      yield* until("the first runs", () => started.length === 1)
      const others = yield* Effect.forEach(["2", "3"], ask)
      yield* advance("500 millis")
      yield* Fiber.interruptAll([first, ...others])
      assert.strictEqual(yield* inFlight, 0)
      yield* advance("500 millis")
      assert.deepStrictEqual(started, ["1"])
    })
  )

  law(
    "P13/interruption: a cancel that comes before its request is remembered",
    Effect.gen(function* () {
      const ran: Array<string> = []
      const { contract } = yield* pair({
        Work: ({ id }) => {
          ran.push(id)
          return Effect.succeed(id)
        }
      })
      const { control, replies, requests } = namesOf(contract)
      const answers = yield* watch(replies)
      const send = (id: number) =>
        post(requests, {
          headers: RequestEnvelope.encode({
            operation: "Work",
            deadline: 9_000_000_000_000,
            timeout: 5_000,
            correlationId: Uint8Array.of(id),
            replyTo: { topic: replies, partition: 0 },
            attempt: 1
          }),
          value: bytes(`{"id":"${id}"}`)
        })
      yield* post(control, { headers: RequestEnvelope.encodeCancel(Uint8Array.of(1), "Work") })
      yield* advance("300 millis")
      yield* send(1)
      yield* send(2)
      yield* until("the second is answered", () => answers.length > 0)
      assert.deepStrictEqual(ran, ["2"])
      assert.strictEqual(answers.length, 1)
    })
  )

  law(
    "P13/interruption: an uninterruptible handler is left alone, and its reply disturbs nobody",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const ended: Array<string> = []
      const started: Array<string> = []
      const { client, inFlight } = yield* pair({
        Work: ({ id }) =>
          Rpc.uninterruptible(
            Effect.suspend(() => {
              started.push(id)
              return id === "1" ? Deferred.await(gate) : Effect.void
            }).pipe(
              Effect.andThen(
                Effect.sync(() => {
                  ended.push(id)
                  return `done ${id}`
                })
              )
            )
          )
      })
      const call = yield* Effect.forkChild(client.Work({ id: "1" }), { startImmediately: true })
      yield* until("the handler runs", () => started.length === 1)
      yield* Fiber.interrupt(call)
      assert.strictEqual(yield* inFlight, 0)
      assert.strictEqual(yield* client.Work({ id: "2" }), "done 2")
      yield* Deferred.succeed(gate, undefined)
      yield* until("the handler ended by itself", () => ended.length === 2)
      assert.strictEqual(yield* client.Work({ id: "3" }), "done 3")
    })
  )

  law(
    "P13/interruption: of two callers of one key the run goes on while one is left",
    Effect.gen(function* () {
      const { handler, interrupted, started } = endless()
      const { client } = yield* pair({ Order: handler })
      const order = Effect.forkChild(client.Order({ id: "1", amount: 1 }), { startImmediately: true })
      const first = yield* order
      yield* until("the handler runs", () => started.length === 1)
      const second = yield* order
      yield* advance("50 millis")
      yield* Fiber.interrupt(first)
      yield* advance("50 millis")
      assert.deepStrictEqual(interrupted, [])
      yield* Fiber.interrupt(second)
      yield* until("the handler is interrupted", () => interrupted.length === 1)
      assert.deepStrictEqual(started, ["1"])
      // An interrupted outcome is not kept: the next one runs.
      yield* order
      yield* until("the next one runs", () => started.length === 2)
    })
  )

  law(
    "P13/interruption: without cancelOnInterrupt nothing is told, and the deadline is the bound",
    Effect.gen(function* () {
      const { handler, interrupted, started } = endless()
      const { client } = yield* pair(
        { Work: handler },
        { requester: { cancelOnInterrupt: false, timeout: "1 second" } }
      )
      const call = yield* Effect.forkChild(client.Work({ id: "1" }), { startImmediately: true })
      yield* until("the handler runs", () => started.length === 1)
      yield* Fiber.interrupt(call)
      yield* advance("300 millis")
      assert.deepStrictEqual(interrupted, [])
      yield* advance("1 second")
      yield* until("the handler is interrupted", () => interrupted.length === 1)
    })
  )

  law(
    "P13/interruption: interrupting a caller interrupts the handlers of nested calls too",
    Effect.gen(function* () {
      const { handler, interrupted, started } = endless()
      const inner = yield* pair({ Find: handler })
      const outer = yield* pair({ Work: ({ id }) => Effect.orDie(inner.client.Find({ id })) })
      const call = yield* Effect.forkChild(outer.client.Work({ id: "1" }), { startImmediately: true })
      yield* until("the nested handler runs", () => started.length === 1)
      yield* advance("20 millis")
      yield* Fiber.interrupt(call)
      yield* until("the nested handler is interrupted", () => interrupted.length === 1)
      assert.strictEqual(yield* inner.inFlight, 0)
      assert.strictEqual(yield* inner.responder.running, 0)
    })
  )

  law(
    "P13/interruption: racing a call interrupts the loser's handler",
    Effect.gen(function* () {
      const { handler, interrupted } = endless()
      const { client } = yield* pair({ Work: handler, Find: ({ id }) => Effect.succeed(id) })
      assert.strictEqual(yield* Effect.race(client.Work({ id: "slow" }), client.Find({ id: "quick" })), "quick")
      yield* until("the slow one is interrupted", () => interrupted.length === 1)
    })
  )
}

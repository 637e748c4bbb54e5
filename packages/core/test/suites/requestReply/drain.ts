/**
 * P12. Both sides drain: what was begun is finished, within a limit, and what was not is left to others.
 */
import { assert } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Requester from "../../../src/requester/Requester.ts"
import { reasonOf, requestErrorOf } from "./failures.ts"
import { advance, type Law, until } from "./Harness.ts"
import { connect, newContract, pair, serve } from "./programs.ts"
import { committedBy, namesOf, watch } from "./topics.ts"

const settings = { drainTimeout: "2 seconds" } as const

export const drainLaws = (law: Law): void => {
  law(
    "P12/drain: a closing requester takes no new calls and still hears the replies of those in flight",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const started: Array<string> = []
      const { client, inFlight, stop } = yield* pair(
        {
          Work: ({ id }) => {
            started.push(id)
            return Effect.as(Deferred.await(gate), `done ${id}`)
          }
        },
        { requester: settings }
      )
      const call = yield* Effect.forkChild(client.Work({ id: "1" }), { startImmediately: true })
      yield* until("it runs", () => started.length === 1)
      const closing = yield* Effect.forkChild(stop, { startImmediately: true })
      yield* advance("100 millis")
      const refused = yield* reasonOf(client.Work({ id: "2" }))
      assert(refused._tag === "Closed")
      assert.strictEqual(refused.delivery, "not-sent")
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(call), "done 1")
      yield* Fiber.join(closing)
      assert.strictEqual(yield* inFlight, 0)
      assert.deepStrictEqual(started, ["1"])
    })
  )

  law(
    "P12/drain: calls that outlast a closing requester's limit fail as closed, and nothing hangs",
    Effect.gen(function* () {
      const { client, stop } = yield* connect(newContract(), { drainTimeout: "500 millis" })
      const call = yield* Effect.forkChild(reasonOf(client.Work({ id: "1" })), { startImmediately: true })
      yield* advance("100 millis")
      const closing = yield* Effect.forkChild(stop, { startImmediately: true })
      yield* advance("300 millis")
      assert.isUndefined(call.pollUnsafe())
      yield* advance("300 millis")
      const reason = yield* Fiber.join(call)
      assert(reason._tag === "Closed")
      assert.strictEqual(reason.delivery, "acknowledged")
      yield* Fiber.join(closing)
    })
  )

  law(
    "P4/drain: a responder that refuses a request does not speak for one before it that had begun it",
    Effect.gen(function* () {
      const contract = newContract()
      const ran: Array<string> = []
      const handlerOf = (name: string) => ({
        Work: ({ id }: { readonly id: string }) =>
          Effect.andThen(
            Effect.sync(() => void ran.push(`${name} ${id}`)),
            Effect.never
          )
      })
      const first = yield* serve(contract, handlerOf("first"), { drainTimeout: 0, partitions: 1 })
      const { client } = yield* connect(contract)
      const ask = (id: string) =>
        client
          .Work({ id })
          .pipe(Requester.withTimeout("20 seconds"), requestErrorOf, Effect.forkChild({ startImmediately: true }))
      const before = yield* ask("before")
      yield* until("the one before has begun", () => ran.length === 1)
      const begun = yield* ask("begun")
      yield* until("it has begun", () => ran.length === 2)
      yield* first.stop
      yield* serve(contract, handlerOf("second"), { concurrency: 1, maxWait: "300 millis" })
      yield* until("the next one has begun the one before", () => ran.length === 3)
      yield* advance("1 second")
      const error = yield* Fiber.join(begun)
      assert.deepStrictEqual(ran, ["first before", "first begun", "second before"])
      assert(error.reason._tag === "Rejected")
      assert.strictEqual(error.reason.status, "overloaded")
      assert.isTrue(error.isTransient)
      assert.isFalse(error.isCertainlyNotExecuted)
      yield* Fiber.interrupt(before)
    })
  )

  law(
    "P12/drain: a closing responder starts nothing, finishes and answers what runs, and commits it",
    Effect.gen(function* () {
      const contract = newContract()
      const { requests, responderGroup } = namesOf(contract)
      const gate = yield* Deferred.make<void>()
      const ran: Array<string> = []
      const handler = ({ id }: { readonly id: string }) => {
        ran.push(id)
        return Effect.as(id === "slow" ? Deferred.await(gate) : Effect.void, `done ${id}`)
      }
      const first = yield* serve(contract, { Work: handler }, settings)
      const { client } = yield* connect(contract)
      const slow = yield* Effect.forkChild(client.Work({ id: "slow" }), { startImmediately: true })
      yield* until("it runs", () => ran.length === 1)
      const closing = yield* Effect.forkChild(first.stop, { startImmediately: true })
      yield* advance("100 millis")
      const sent = yield* watch(requests)
      const late = yield* Effect.forkChild(client.Work({ id: "late" }), { startImmediately: true })
      yield* until("the late request is written", () => sent.length === 2)
      yield* advance("100 millis")
      assert.deepStrictEqual(ran, ["slow"])
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(slow), "done slow")
      yield* Fiber.join(closing)
      // What was not begun is the next one's, what was finished is not.
      yield* serve(contract, { Work: handler })
      assert.strictEqual(yield* Fiber.join(late), "done late")
      yield* advance("400 millis")
      assert.deepStrictEqual(ran, ["slow", "late"])
      assert.isAbove((yield* committedBy(responderGroup, requests)).length, 0)
    })
  )

  law(
    "P12/drain: a handler that outlasts a closing responder's limit is interrupted, and the request is the next one's",
    Effect.gen(function* () {
      const contract = newContract()
      const ran: Array<string> = []
      const interrupted: Array<string> = []
      const first = yield* serve(
        contract,
        {
          Work: ({ id }) => {
            ran.push(id)
            return Effect.never.pipe(Effect.onInterrupt(() => Effect.sync(() => void interrupted.push(id))))
          }
        },
        { drainTimeout: "500 millis" }
      )
      const { client } = yield* connect(contract, { timeout: "20 seconds" })
      const call = yield* Effect.forkChild(client.Work({ id: "1" }), { startImmediately: true })
      yield* until("it runs", () => ran.length === 1)
      const closing = yield* Effect.forkChild(first.stop, { startImmediately: true })
      yield* advance("300 millis")
      assert.deepStrictEqual(interrupted, [])
      yield* advance("400 millis")
      yield* Fiber.join(closing)
      assert.deepStrictEqual(interrupted, ["1"])
      yield* serve(contract, { Work: ({ id }) => Effect.succeed(`second ${id}`) })
      assert.strictEqual(yield* Fiber.join(call), "second 1")
    })
  )

  law(
    "P12/drain: requests that wait for their turn when a responder closes are the next one's, in their order",
    Effect.gen(function* () {
      const contract = newContract()
      const gate = yield* Deferred.make<void>()
      const ran: Array<number> = []
      const handler = ({ seq }: { readonly seq: number }) => {
        ran.push(seq)
        return Effect.as(seq === 0 ? Deferred.await(gate) : Effect.void, String(seq))
      }
      const first = yield* serve(contract, { Append: handler }, settings)
      const { client } = yield* connect(contract)
      const calls = yield* Effect.forEach([0, 1, 2, 3, 4], (seq) =>
        Effect.forkChild(client.Append({ key: "a", seq }).pipe(Requester.withRoutingKey("a")), {
          startImmediately: true
        })
      )
      yield* until("the first runs", () => ran.length === 1)
      const closing = yield* Effect.forkChild(first.stop, { startImmediately: true })
      yield* advance("100 millis")
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(closing)
      yield* serve(contract, { Append: handler })
      assert.deepStrictEqual(yield* Effect.forEach(calls, Fiber.join), ["0", "1", "2", "3", "4"])
      assert.deepStrictEqual(ran, [0, 1, 2, 3, 4])
    })
  )

  law(
    "P12/drain: while responders come and go every call is answered",
    Effect.gen(function* () {
      const contract = newContract()
      const handlers = { Work: ({ id }: { readonly id: string }) => Effect.succeed(`done ${id}`) }
      yield* serve(contract, handlers, settings)
      const { client } = yield* connect(contract, { timeout: "20 seconds" })
      const test = { isOver: false }
      const failures: Array<unknown> = []
      let answered = 0
      const calling = yield* Effect.forEach(["a", "b", "c", "d"], (name) =>
        Effect.forkChild(
          Effect.gen(function* () {
            for (let index = 0; !test.isOver; index++) {
              const answer = yield* Effect.exit(client.Work({ id: `${name}${index}` }))
              if (answer._tag === "Success" && answer.value === `done ${name}${index}`) answered++
              else failures.push(answer)
            }
          }),
          { startImmediately: true }
        )
      )
      for (let round = 0; round < 3; round++) {
        const guest = yield* serve(contract, handlers, settings)
        const before = answered
        yield* until("calls are answered beside the new one", () => answered > before + 10)
        yield* guest.stop
        const after = answered
        yield* until("calls are answered without it", () => answered > after + 10)
      }
      test.isOver = true
      yield* Effect.forEach(calling, Fiber.join)
      assert.deepStrictEqual(failures, [])
    })
  )
}

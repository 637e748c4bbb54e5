/**
 * P1 among callers: what one of them does, or lets be done to its reply, ends nothing but its own call.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as Requester from "../../../src/requester/Requester.ts"
import { reasonOf } from "./failures.ts"
import { advance, type Law, until } from "./Harness.ts"
import { connect, newContract, pair } from "./programs.ts"
import { answering } from "./ScriptedResponder.ts"
import { bytes, namesOf, requestIn, watch } from "./topics.ts"

/** Runs the call as a program without Effect does, with a callback that throws. Ends when it has been called. */
const callingBack = <A, E>(call: Effect.Effect<A, E>) => {
  let calls = 0
  const onExit = (): never => {
    calls++
    throw new Error("a callback that throws")
  }
  Effect.runCallback(call, { onExit })
  return until("the callback was called", () => calls > 0)
}

export const isolationLaws = (law: Law): void => {
  law(
    "P1/isolation: a callback that throws when its call times out stops the time of no other call",
    Effect.gen(function* () {
      const { client, inFlight } = yield* connect(newContract())
      const first = yield* Effect.forkChild(
        callingBack(client.Work({ id: "1" }).pipe(Requester.withTimeout("200 millis"))),
        { startImmediately: true }
      )
      yield* advance("300 millis")
      yield* Fiber.join(first)
      const later = yield* Effect.forkChild(
        reasonOf(client.Work({ id: "2" }).pipe(Requester.withTimeout("200 millis"))),
        { startImmediately: true }
      )
      yield* advance("300 millis")
      assert.strictEqual((yield* Fiber.join(later))._tag, "Timeout")
      assert.strictEqual(yield* inFlight, 0)
    })
  )

  law(
    "P1/isolation: a callback that throws when its reply comes loses no other reply",
    Effect.gen(function* () {
      const { client, inFlight } = yield* pair({ Work: ({ id }) => Effect.succeed(`done ${id}`) })
      const ids = Array.from({ length: 20 }, (_, index) => String(index))
      const throwing = yield* Effect.forkChild(callingBack(client.Work({ id: "x" })), { startImmediately: true })
      const answers = yield* Effect.forEach(ids, (id) => client.Work({ id }), { concurrency: "unbounded" })
      assert.deepStrictEqual(
        answers,
        ids.map((id) => `done ${id}`)
      )
      yield* Fiber.join(throwing)
      assert.strictEqual(yield* inFlight, 0)
    })
  )

  law(
    "P1/isolation: a call is timed by its requester's clock, whatever clock its caller has",
    Effect.gen(function* () {
      const { client } = yield* pair({ Work: ({ id }) => Effect.succeed(`done ${id}`) })
      assert.strictEqual(yield* Effect.provide(client.Work({ id: "1" }), TestClock.layer()), "done 1")
    })
  )

  law(
    "P1/unusable reply: a reply of a kind that the call does not have ends it at once",
    Effect.gen(function* () {
      const contract = newContract()
      const { client } = yield* connect(contract)
      const outcomes = ["item", "end", "of-a-later-version"] as const
      yield* answering(contract, (_, { record }) => ({ outcome: outcomes[record.offset % 3] as "item" }))
      for (const outcome of outcomes) {
        const exit = yield* Effect.exit(client.Work({ id: "1" }))
        assert(Exit.isFailure(exit))
        const reason = yield* reasonOf(exit)
        assert.strictEqual(reason._tag, "InvalidReply", outcome)
      }
    })
  )

  law(
    "P3/headers: the headers of a call arrive as they were given: case, order, repeats and bytes",
    Effect.gen(function* () {
      const { contract, client } = yield* pair({ Work: ({ id }) => Effect.succeed(`done ${id}`) })
      const given = [
        ["__TypeId__", bytes("com.acme.Work")],
        ["ce_Type", Uint8Array.of(0, 255)],
        ["__TypeId__", bytes("again")],
        ["empty", bytes("")]
      ] as const
      yield* client.Work({ id: "1" }).pipe(Requester.withHeaders(given))
      const records = yield* watch(namesOf(contract).requests)
      yield* until("the request is read", () => records.length === 1)
      assert.deepStrictEqual(
        requestIn(records[0]!).callHeaders.map(([name, value]) => [name, [...value]]),
        given.map(([name, value]) => [name, [...value]])
      )
    })
  )
}

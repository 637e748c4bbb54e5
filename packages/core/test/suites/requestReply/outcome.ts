/**
 * P1. Every call ends exactly once: with its success, its declared error or a request error, in time.
 */
import { assert } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Requester from "../../../src/requester/Requester.ts"
import { Refused } from "./TestContract.ts"
import { reasonOf } from "./failures.ts"
import { advance, Harness, type Law } from "./Harness.ts"
import { connect, newContract, pair } from "./programs.ts"

export const outcomeLaws = (law: Law): void => {
  law(
    "P1/outcome: a call ends with what its handler returned",
    Effect.gen(function* () {
      const { client, inFlight } = yield* pair({ Work: ({ id }) => Effect.succeed(`done ${id}`) })
      assert.strictEqual(yield* client.Work({ id: "1" }), "done 1")
      assert.strictEqual(yield* inFlight, 0)
    })
  )

  law(
    "P1/outcome: a call ends with the error its handler declared",
    Effect.gen(function* () {
      const { client, inFlight } = yield* pair({
        Work: ({ id }) => Effect.fail(new Refused({ why: `not ${id}`, isFinal: false }))
      })
      assert.deepStrictEqual(
        yield* Effect.flip(client.Work({ id: "1" })),
        new Refused({ why: "not 1", isFinal: false })
      )
      assert.strictEqual(yield* inFlight, 0)
    })
  )

  law(
    "P1/outcome: a call that nobody answers ends at its deadline, not before and not after",
    Effect.gen(function* () {
      const { slackMillis } = yield* Harness
      const { client, inFlight } = yield* connect(newContract())
      const before = yield* Clock.currentTimeMillis
      const call = yield* reasonOf(client.Work({ id: "1" }).pipe(Requester.withTimeout("400 millis"))).pipe(
        Effect.zip(Clock.currentTimeMillis),
        Effect.forkChild({ startImmediately: true })
      )
      yield* advance("300 millis")
      assert.isUndefined(call.pollUnsafe())
      yield* advance("150 millis")
      const [reason, after] = yield* Fiber.join(call)
      assert.strictEqual(reason._tag, "Timeout")
      assert.isAtLeast(after - before, 400)
      assert.isAtMost(after - before, 400 + slackMillis)
      assert.strictEqual(yield* inFlight, 0)
    })
  )

  law(
    "P1/outcome: many calls at once end each with its own answer",
    Effect.gen(function* () {
      const { client, inFlight } = yield* pair({ Work: ({ id }) => Effect.succeed(`done ${id}`) })
      const ids = Array.from({ length: 500 }, (_, index) => String(index))
      const answers = yield* Effect.forEach(ids, (id) => client.Work({ id }), { concurrency: "unbounded" })
      assert.deepStrictEqual(
        answers,
        ids.map((id) => `done ${id}`)
      )
      assert.strictEqual(yield* inFlight, 0)
    })
  )

  law(
    "P1/outcome: a payload that cannot be built is an error of the call, never a thrown one",
    Effect.gen(function* () {
      const { client } = yield* pair({})
      const exit = yield* Effect.exit(client.Work({ id: 1 as never }))
      assert.isTrue(Exit.isFailure(exit))
      assert.strictEqual((yield* reasonOf(client.Work({ id: 1 as never })))._tag, "InvalidPayload")
    })
  )

  law(
    "P1/outcome: each of many calls has its own deadline, whatever the others have",
    Effect.gen(function* () {
      const { slackMillis } = yield* Harness
      const { client } = yield* connect(newContract())
      const before = yield* Clock.currentTimeMillis
      const timeouts = [900, 300, 600, 450, 750]
      const calls = yield* Effect.forEach(timeouts, (timeout) =>
        client
          .Work({ id: "1" })
          .pipe(
            Requester.withTimeout(timeout),
            reasonOf,
            Effect.andThen(Clock.currentTimeMillis),
            Effect.forkChild({ startImmediately: true })
          )
      )
      for (let step = 0; step < 10; step++) yield* advance("100 millis")
      for (const [index, endedAt] of (yield* Effect.forEach(calls, Fiber.join)).entries()) {
        assert.isAtLeast(endedAt - before, timeouts[index]!)
        assert.isAtMost(endedAt - before, timeouts[index]! + 50 + slackMillis)
      }
    })
  )
}

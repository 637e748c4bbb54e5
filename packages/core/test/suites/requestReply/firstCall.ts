/**
 * P3. The reply position is fixed when the requester's layer is built; and neither side must be there first.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { type Law, until } from "./Harness.ts"
import { connect, newContract, newName, serve } from "./programs.ts"
import * as TestContract from "./TestContract.ts"
import { namesOf, post, watch } from "./topics.ts"

export const firstCallLaws = (law: Law): void => {
  law(
    "P3/first call: the reply of a call made at once is never lost",
    Effect.gen(function* () {
      const contract = newContract()
      yield* serve(contract, { Work: ({ id }) => Effect.succeed(`done ${id}`) })
      for (const id of ["1", "2", "3"]) {
        const { client, stop } = yield* connect(contract)
        assert.strictEqual(yield* client.Work({ id }), `done ${id}`)
        yield* stop
      }
    })
  )

  law(
    "P3/first call: a new requester does not read what is in the reply topic already",
    Effect.gen(function* () {
      const contract = newContract()
      yield* serve(contract, { Work: ({ id }) => Effect.succeed(`done ${id}`) })
      const first = yield* connect(contract, { replyPartition: 0 })
      yield* Effect.forEach(
        Array.from({ length: 20 }, (_, id) => String(id)),
        (id) => first.client.Work({ id })
      )
      yield* post(namesOf(contract).replies, { headers: [] })
      const second = yield* connect(contract, { replyPartition: 0 })
      assert.strictEqual(yield* second.client.Work({ id: "new" }), "done new")
    })
  )

  law(
    "P3/first call: a call made before any responder is there is answered by the first that comes",
    Effect.gen(function* () {
      const contract = TestContract.named(newName())
      const { client } = yield* connect(contract)
      const sent = yield* watch(namesOf(contract).requests)
      const calls = yield* Effect.forEach(["1", "2", "3"], (id) =>
        Effect.forkChild(client.Work({ id }), { startImmediately: true })
      )
      yield* until("the requests are written", () => sent.length === 3)
      yield* serve(contract, { Work: ({ id }) => Effect.succeed(`done ${id}`) })
      assert.deepStrictEqual(yield* Effect.forEach(calls, Fiber.join), ["done 1", "done 2", "done 3"])
    })
  )
}

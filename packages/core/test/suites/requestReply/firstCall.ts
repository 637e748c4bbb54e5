/**
 * P3. The reply position is fixed when the requester's layer is built; and neither side must be there first.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { type Law, until } from "./Harness.ts"
import { connect, newBench, newName, serve } from "./programs.ts"
import * as Bench from "./Bench.ts"
import { namesOf, post, watch } from "./topics.ts"

export const firstCallLaws = (law: Law): void => {
  law(
    "P3/first call: the reply of a call made at once is never lost",
    Effect.gen(function* () {
      const bench = newBench()
      yield* serve(bench, { Work: ({ id }) => Effect.succeed(`done ${id}`) })
      for (const id of ["1", "2", "3"]) {
        const { client, stop } = yield* connect(bench)
        assert.strictEqual(yield* client.Work({ id }), `done ${id}`)
        yield* stop
      }
    })
  )

  law(
    "P3/first call: a new requester does not read what is in the reply topic already",
    Effect.gen(function* () {
      const bench = newBench()
      yield* serve(bench, { Work: ({ id }) => Effect.succeed(`done ${id}`) })
      const first = yield* connect(bench, { replyPartition: 0 })
      yield* Effect.forEach(
        Array.from({ length: 20 }, (_, id) => String(id)),
        (id) => first.client.Work({ id })
      )
      yield* post(namesOf(bench).replies, { headers: [] })
      const second = yield* connect(bench, { replyPartition: 0 })
      assert.strictEqual(yield* second.client.Work({ id: "new" }), "done new")
    })
  )

  law(
    "P3/first call: a call made before any responder is there is answered by the first that comes",
    Effect.gen(function* () {
      const bench = Bench.named(newName())
      const { client } = yield* connect(bench)
      const sent = yield* watch(namesOf(bench).requests)
      const calls = yield* Effect.forEach(["1", "2", "3"], (id) =>
        Effect.forkChild(client.Work({ id }), { startImmediately: true })
      )
      yield* until("the requests are written", () => sent.length === 3)
      yield* serve(bench, { Work: ({ id }) => Effect.succeed(`done ${id}`) })
      assert.deepStrictEqual(yield* Effect.forEach(calls, Fiber.join), ["done 1", "done 2", "done 3"])
    })
  )
}

/**
 * P9. What is kept of answered requests is bounded, by count, bytes and age.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { counting } from "./handlers.ts"
import { advance, type Law } from "./Harness.ts"
import { pair } from "./programs.ts"

export const keptAnswerLaws = (law: Law): void => {
  law(
    "P9/deduplication: what is kept is bounded by count, the oldest goes first",
    Effect.gen(function* () {
      const { handler, runs } = counting()
      const { client } = yield* pair({ Order: handler }, { responder: { dedupeEntries: 2 } })
      const order = (id: string) => Effect.tap(client.Order({ id, amount: 1 }), advance("50 millis"))
      yield* order("a")
      yield* order("b")
      yield* order("c")
      yield* order("b")
      yield* order("c")
      assert.deepStrictEqual(runs, ["a", "b", "c"])
      yield* order("a")
      assert.deepStrictEqual(runs, ["a", "b", "c", "a"])
    })
  )

  law(
    "P9/deduplication: calls without a key do not take the place of answers that are kept for one",
    Effect.gen(function* () {
      const { handler, runs } = counting()
      const { client } = yield* pair(
        { Order: handler, Work: () => Effect.succeed("x".repeat(1_000)) },
        { responder: { dedupeEntries: 2, dedupeBytes: 20_000 } }
      )
      yield* client.Order({ id: "a", amount: 1 })
      for (let index = 0; index < 40; index++) yield* client.Work({ id: String(index) })
      yield* client.Order({ id: "a", amount: 1 })
      assert.deepStrictEqual(runs, ["a"])
    })
  )

  law(
    "P9/deduplication: what is kept is bounded by bytes",
    Effect.gen(function* () {
      const { handler, runs } = counting()
      // An answer and its entry have 256 bytes each; half of the bytes are for other things.
      const { client } = yield* pair({ Order: handler }, { responder: { dedupeBytes: 2_400 } })
      const order = (id: string) => Effect.tap(client.Order({ id, amount: 1 }), advance("50 millis"))
      yield* Effect.forEach(["a", "b", "c", "c"], order)
      assert.deepStrictEqual(runs, ["a", "b", "c"])
      yield* order("a")
      assert.deepStrictEqual(runs, ["a", "b", "c", "a"])
    })
  )

  law(
    "P9/deduplication: what is kept is forgotten when it is old enough",
    Effect.gen(function* () {
      const { handler, runs } = counting()
      const { client } = yield* pair({ Order: handler }, { responder: { dedupeAge: "600 millis" } })
      yield* client.Order({ id: "a", amount: 1 })
      yield* advance("100 millis")
      yield* client.Order({ id: "a", amount: 1 })
      assert.strictEqual(runs.length, 1)
      yield* advance("700 millis")
      yield* client.Order({ id: "a", amount: 1 })
      assert.strictEqual(runs.length, 2)
    })
  )
}

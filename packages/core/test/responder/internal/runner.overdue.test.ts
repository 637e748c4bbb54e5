import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Requester from "../../../src/requester/Requester.ts"
import { advance, until } from "../../suites/requestReply/Harness.ts"
import { connect, newBench, serve } from "../../suites/requestReply/programs.ts"
import { namesOf } from "../../suites/requestReply/topics.ts"
import { begin, committed, overMemory } from "../stuck.ts"

const hung = (started: Array<string>, id: string) =>
  Effect.uninterruptible(
    Effect.andThen(
      Effect.sync(() => started.push(id)),
      Effect.never
    )
  )

describe("a handler that neither ends nor can be interrupted", () => {
  overMemory(
    "does not hold the offsets of requests that joined its run",
    Effect.gen(function* () {
      const bench = newBench()
      const started: Array<string> = []
      yield* serve(bench, { Order: ({ id }) => hung(started, id) })
      const { client } = yield* connect(bench)
      yield* begin(client.Order({ id: "a", amount: 1 }))
      yield* until("it runs", () => started.length === 1)
      yield* begin(client.Order({ id: "a", amount: 1 }))
      yield* advance("30 seconds")
      assert.strictEqual(yield* committed(namesOf(bench)), 2)
      assert.deepStrictEqual(started, ["a"])
    })
  )

  overMemory(
    "does not hold the offsets of requests that wait behind it",
    Effect.gen(function* () {
      const bench = newBench()
      const started: Array<string> = []
      yield* serve(bench, { Append: ({ key }) => hung(started, key) })
      const { client } = yield* connect(bench)
      const append = (seq: number) => client.Append({ key: "hot", seq }).pipe(Requester.withRoutingKey("hot"))
      yield* begin(append(1))
      yield* until("it runs", () => started.length === 1)
      yield* begin(append(2))
      yield* advance("30 seconds")
      assert.strictEqual(yield* committed(namesOf(bench)), 2)
      assert.strictEqual(started.length, 1)
    })
  )
})

import { assert, describe } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as RequestEnvelope from "../../../src/wire/RequestEnvelope.ts"
import { advance, until } from "../../suites/requestReply/Harness.ts"
import { connect, newContract, serve } from "../../suites/requestReply/programs.ts"
import { bytes, namesOf, post } from "../../suites/requestReply/topics.ts"
import { begin, committed, overMemory } from "../stuck.ts"

describe("a request that names the key of a run, and turns out to be another one", () => {
  overMemory(
    "waits for its turn like any other",
    Effect.gen(function* () {
      const contract = newContract()
      const names = namesOf(contract)
      const gate = yield* Deferred.make<void>()
      const started: Array<string> = []
      yield* serve(
        contract,
        {
          Order: ({ id }) => {
            started.push(id)
            return Effect.as(Deferred.await(gate), id)
          }
        },
        { concurrency: 1 }
      )
      const { client } = yield* connect(contract)
      const call = yield* begin(client.Order({ id: "a", amount: 1 }))
      yield* until("it runs", () => started.length === 1)
      for (const [index, id] of ["b", "c"].entries()) {
        const headers = RequestEnvelope.encode({
          operation: "Order",
          deadline: 5_000,
          timeout: 5_000,
          attempt: 1,
          key: "a",
          correlationId: Uint8Array.of(index),
          replyTo: { topic: names.replies, partition: 0 }
        })
        yield* post(names.requests, { headers, value: bytes(JSON.stringify({ id, amount: 1 })) }, index)
      }
      yield* advance("100 millis")
      assert.deepStrictEqual(started, ["a"])
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual((yield* Fiber.join(call))._tag, "Success")
      assert.strictEqual(yield* committed(names), 3)
      assert.deepStrictEqual(started.toSorted(), ["a", "b", "c"])
    })
  )
})

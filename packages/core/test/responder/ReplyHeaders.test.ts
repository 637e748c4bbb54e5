import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as ReplyHeaders from "../../src/responder/ReplyHeaders.ts"
import type { RecordHeader } from "../../src/wire/RecordHeaders.ts"
import { advance } from "../suites/requestReply/Harness.ts"
import { connect, newContract, serve } from "../suites/requestReply/programs.ts"
import { namesOf } from "../suites/requestReply/topics.ts"
import { begin, committed, overMemory } from "./stuck.ts"

describe("ReplyHeaders.add", () => {
  it.effect("leaves out names that the protocol and its neighbours reserve", () =>
    Effect.gen(function* () {
      const collected: Array<RecordHeader> = []
      const names = ["x-a", "rr", "traceparent", "kafka_nest-err", "kafka_replyTopic", "REPLY_ERROR", "x-b"]
      yield* Effect.forEach(names, (name) => ReplyHeaders.add(name, "1")).pipe(
        Effect.provideService(ReplyHeaders.Collector, collected)
      )
      assert.deepStrictEqual(
        collected.map(([name]) => name),
        ["x-a", "x-b"]
      )
    })
  )

  overMemory(
    "is a defect of the handler when the value is none, as a missing header of the caller",
    Effect.gen(function* () {
      const contract = newContract()
      yield* serve(contract, {
        Work: ({ id }, { headers }) => Effect.as(ReplyHeaders.add("x-tenant", headers["x-tenant"]!), id)
      })
      const { client } = yield* connect(contract)
      const call = yield* begin(client.Work({ id: "1" }))
      yield* advance("10 seconds")
      assert.include(String(yield* Fiber.join(call)), "the reply header x-tenant is neither text nor bytes")
      assert.strictEqual(yield* committed(namesOf(contract)), 1)
    })
  )
})

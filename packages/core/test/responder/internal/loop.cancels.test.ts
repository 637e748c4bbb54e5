import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as RequestEnvelope from "../../../src/wire/RequestEnvelope.ts"
import { advance, until } from "../../suites/requestReply/Harness.ts"
import { connect, newContract, serve } from "../../suites/requestReply/programs.ts"
import { namesOf, post, requestIn, watch } from "../../suites/requestReply/topics.ts"
import { begin, committed, overMemory } from "../stuck.ts"

describe("a cancel on the topic of requests", () => {
  overMemory(
    "means nothing, and is committed",
    Effect.gen(function* () {
      const contract = newContract()
      const names = namesOf(contract)
      yield* serve(contract, { Work: ({ id }) => Effect.delay(Effect.succeed(id), "2 seconds") })
      const { client } = yield* connect(contract)
      const sent = yield* watch(names.requests)
      const call = yield* begin(client.Work({ id: "1" }))
      yield* until("the request is written", () => sent.length === 1)
      const { correlationId } = requestIn(sent[0]!)
      yield* post(names.requests, { headers: RequestEnvelope.encodeCancel(correlationId, "Work") }, 1)
      assert.strictEqual(yield* committed(names), 1)
      yield* advance("2 seconds")
      assert.strictEqual((yield* Fiber.join(call))._tag, "Success")
    })
  )
})

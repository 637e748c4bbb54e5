import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as ReplyHeaders from "../../../src/responder/ReplyHeaders.ts"
import { advance } from "../../suites/requestReply/Harness.ts"
import { pair } from "../../suites/requestReply/programs.ts"
import { namesOf, post, replyIn, watch } from "../../suites/requestReply/topics.ts"
import { overMemory } from "../stuck.ts"

describe("an attempt whose record comes twice", () => {
  overMemory(
    "P6/first outcome: is told no header that was added after its answer, though there were none before",
    Effect.gen(function* () {
      const late = ReplyHeaders.add("x-late", "1").pipe(Effect.delay("1 second"), Effect.forkDetach)
      const { contract, client } = yield* pair({ Work: ({ id }) => Effect.as(late, id) })
      const { replies, requests } = namesOf(contract)
      const sent = yield* watch(requests)
      const answers = yield* watch(replies)
      yield* client.Work({ id: "1" })
      yield* advance("2 seconds")
      const { headers, partition, value } = sent[0]!
      yield* post(requests, { headers, value }, partition)
      yield* advance("1 second")
      assert.deepStrictEqual(
        answers.map((answer) => replyIn(answer).replyHeaders.map(([name]) => name)),
        [[], []]
      )
    })
  )
})

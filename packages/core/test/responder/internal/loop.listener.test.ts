import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { advance } from "../../suites/requestReply/Harness.ts"
import { connect, newContract, serve } from "../../suites/requestReply/programs.ts"
import { namesOf } from "../../suites/requestReply/topics.ts"
import { begin, committed, overMemory } from "../stuck.ts"

describe("onAnswered", () => {
  overMemory(
    "may throw without holding replies or offsets",
    Effect.gen(function* () {
      const contract = newContract()
      yield* serve(
        contract,
        { Work: ({ id }) => Effect.succeed(id) },
        {
          onAnswered: () => {
            throw new Error("a listener that throws")
          }
        }
      )
      const { client } = yield* connect(contract)
      const call = yield* begin(client.Work({ id: "1" }))
      yield* advance("10 seconds")
      assert.strictEqual((yield* Fiber.join(call))._tag, "Success")
      assert.strictEqual(yield* committed(namesOf(contract)), 1)
    })
  )
})

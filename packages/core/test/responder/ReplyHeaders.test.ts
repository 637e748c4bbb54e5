import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as ReplyHeaders from "../../src/responder/ReplyHeaders.ts"
import type { RecordHeader } from "../../src/wire/RecordHeaders.ts"

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
})

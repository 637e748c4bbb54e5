import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as KafkajsTransport from "../../src/kafkajs/KafkajsTransport.ts"

// Nobody listens there: what is wrong with an option is said before anybody is asked.
const given = { brokers: ["localhost:1"], clientId: "test" }

describe("KafkajsTransport", () => {
  it.effect.each([
    ["requestTimeout", "soon", { requestTimeout: "soon" as never }],
    ["maxWait", "0 millis", { maxWait: "0 millis" }],
    ["clientId", "", { clientId: "" }],
    ["clientId", "undefined", { clientId: undefined as never }],
    ["brokers", "[]", { brokers: [] }],
    ["brokers", `[""]`, { brokers: [""] }],
    ["brokers", `["localhost"]`, { brokers: ["localhost"] }],
    ["brokers", `["one:1,two:2"]`, { brokers: ["one:1,two:2"] }],
    ["brokers", `[" one:1"]`, { brokers: [" one:1"] }],
    ["brokers", "[9092]", { brokers: [9092] as never }],
    ["brokers", "localhost:9092", { brokers: "localhost:9092" as never }],
    ["brokers", "undefined", { brokers: undefined as never }]
  ] as const)("does not start with the option %s of %s", ([option, value, options]) =>
    Effect.gen(function* () {
      const { isRetryable, reason } = yield* Effect.flip(KafkajsTransport.make({ ...given, ...options }))
      assert.strictEqual(reason._tag, "Misconfigured")
      assert.include(reason.message, `the option ${option} is ${value}; it accepts`)
      assert.isFalse(isRetryable)
    })
  )
})

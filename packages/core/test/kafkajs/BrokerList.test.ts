import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as BrokerList from "../../src/kafkajs/BrokerList.ts"
import * as KafkajsTransport from "../../src/kafkajs/KafkajsTransport.ts"

const parse = (env: Readonly<Record<string, string>>) =>
  KafkajsTransport.options.parse(ConfigProvider.fromEnvRecord(env))

describe("BrokerList", () => {
  it.effect("is split at commas and trimmed", () =>
    Effect.gen(function* () {
      const { brokers, clientId } = yield* parse({ KAFKA_BROKERS: "one:9092, two.example.com:9093" })
      assert.deepStrictEqual(brokers, ["one:9092", "two.example.com:9093"])
      assert.strictEqual(clientId, "kafka-request-reply")
    })
  )

  it.effect("is wanted by name when it is missing", () =>
    Effect.gen(function* () {
      assert.include((yield* Effect.flip(parse({}))).message, "KAFKA_BROKERS")
    })
  )

  it.effect("names the variable and the wrong entry", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(parse({ KAFKA_BROKERS: "one:9092,two" }))
      assert.include(message, "KAFKA_BROKERS")
      assert.include(message, `"two" has no port`)
    })
  )

  it.each([
    "",
    "one:9092,",
    "one",
    "one:",
    ":9092",
    "one:0",
    "one:65536",
    "one:x",
    "http://one:9092",
    "::1:9092",
    "a b:1"
  ])("refuses %j", (text) => assert.isDefined(BrokerList.refusalOf(text)))
})

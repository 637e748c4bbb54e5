import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Setting from "../src/Setting.ts"
import * as UnknownSetting from "../src/UnknownSetting.ts"

const settings = {
  brokers: Setting.addresses("KAFKA_BROKERS", "localhost:9092"),
  concurrency: Setting.whole("REQUESTER_CONCURRENCY", 6, 1, 1000),
  level: Setting.oneOf("LOG_LEVEL", "Info", ["Debug", "Info"])
}

const warnings = (environment: Record<string, string>) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const logger = Logger.make<unknown, void>(({ message }) => void lines.push(String(message)))
    yield* UnknownSetting.warn(settings, "REQUESTER_").pipe(
      Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(environment))),
      Effect.provide(Logger.layer([logger]))
    )
    return lines
  })

describe("environment variables without effect", () => {
  it.effect("are warned of with the name that was meant", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* warnings({ REQUESTER_CONCURENCY: "3", KAFKA_BROKER: "a:1", REQESTER_CONCURRENCY: "4" }),
        [
          "the environment variable REQUESTER_CONCURENCY has no effect; did you mean REQUESTER_CONCURRENCY?",
          "the environment variable KAFKA_BROKER has no effect; did you mean KAFKA_BROKERS?",
          "the environment variable REQESTER_CONCURRENCY has no effect; did you mean REQUESTER_CONCURRENCY?"
        ]
      )
      assert.deepStrictEqual(yield* warnings({ REQUESTER_COLOUR: "red" }), [
        "the environment variable REQUESTER_COLOUR has no effect; there are KAFKA_BROKERS, REQUESTER_CONCURRENCY, LOG_LEVEL"
      ])
    })
  )

  it.effect("are not what is a setting, nor what belongs to others", () =>
    Effect.gen(function* () {
      const environment = {
        KAFKA_BROKERS: "a:1",
        REQUESTER_CONCURRENCY: "3",
        LOG_LEVEL: "Info",
        KAFKA_HEAP_OPTS: "-Xmx1g",
        RESPONDER_CONCURRENCY: "3",
        PATH: "/bin",
        LIST_0: "x",
        _: "node"
      }
      assert.deepStrictEqual(yield* warnings(environment), [])
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Setting from "../src/Setting.ts"

const settings = {
  brokers: Setting.addresses("BROKERS", "localhost:9092"),
  count: Setting.whole("COUNT", 6, 1, 1000),
  wait: Setting.duration("WAIT", "5 seconds", "1 ms", "5 minutes"),
  format: Setting.oneOf("FORMAT", "text", ["text", "json", "none"]),
  level: Setting.oneOf("LEVEL", "Info", ["Debug", "Info"]),
  name: Setting.matching("NAME", "inventory", "letters", /^[a-z]+$/),
  file: Setting.text("FILE", "data", "the path of a file")
}

const readFrom = (environment: Record<string, string>) =>
  Effect.result(Setting.readAll(settings)).pipe(
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(environment)))
  )

describe("Setting", () => {
  it.effect("has defaults, for empty variables too", () =>
    Effect.gen(function* () {
      const defaults = {
        brokers: ["localhost:9092"],
        count: 6,
        wait: 5000,
        format: "text",
        level: "Info",
        name: "inventory",
        file: "data"
      }
      assert.deepStrictEqual(Result.getOrThrow(yield* readFrom({})), defaults as never)
      assert.deepStrictEqual(Result.getOrThrow(yield* readFrom({ COUNT: "", WAIT: "" })), defaults as never)
    })
  )

  it.effect.each([
    ["BROKERS", "kafka-1:9092, kafka-2:9093", { brokers: ["kafka-1:9092", "kafka-2:9093"] }],
    ["COUNT", "1000", { count: 1000 }],
    ["WAIT", "1ms", { wait: 1 }],
    ["WAIT", "1.5 seconds", { wait: 1500 }],
    ["WAIT", "5 m", { wait: 300_000 }],
    ["FORMAT", "none", { format: "none" }],
    ["FORMAT", "JSON", { format: "json" }],
    ["LEVEL", "debug", { level: "Debug" }]
  ] as const)("%s may be %j", ([name, value, expected]) =>
    Effect.gen(function* () {
      assert.deepInclude(Result.getOrThrow(yield* readFrom({ [name]: value })) as object, expected)
    })
  )

  it.effect.each([
    ["BROKERS", "localhost"],
    ["BROKERS", "localhost:"],
    ["BROKERS", "localhost:0"],
    ["BROKERS", "localhost:65536"],
    ["BROKERS", "http://localhost:9092/"],
    ["BROKERS", "[::1]:9092"],
    ["BROKERS", "a:1,,b:2"],
    ["COUNT", "0"],
    ["COUNT", "1001"],
    ["COUNT", "-1"],
    ["COUNT", "1.5"],
    ["COUNT", "1e2"],
    ["COUNT", "0x10"],
    ["COUNT", "many"],
    ["WAIT", "5"],
    ["WAIT", "0 ms"],
    ["WAIT", "6 minutes"],
    ["WAIT", "-1 s"],
    ["WAIT", "soon"],
    ["FORMAT", "texts"],
    ["LEVEL", "loud"],
    ["NAME", "Inventory 2"]
  ] as const)("%s may not be %j", ([name, value]) =>
    Effect.gen(function* () {
      const result = yield* readFrom({ [name]: value })
      const message = Result.isFailure(result) ? result.failure.message : "accepted"
      assert.include(message, `${name} is ${JSON.stringify(value)}; it takes `)
    })
  )

  it.effect("reports every wrong one at once, with what it accepts and its default", () =>
    Effect.gen(function* () {
      const result = yield* readFrom({ COUNT: "many", FORMAT: "xml", WAIT: "5" })
      assert.deepStrictEqual(Result.isFailure(result) ? result.failure.message.split("\n") : [], [
        'COUNT is "many"; it takes a whole number from 1 to 1000 (without it: 6)',
        'WAIT is "5"; it takes a duration from 1 ms to 5 minutes, as in "5 seconds" or "250 ms" (without it: 5 seconds)',
        'FORMAT is "xml"; it takes text, json or none (without it: text)'
      ])
    })
  )
})

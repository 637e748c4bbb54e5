import { assert, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Setting } from "@kafka-request-reply/program/Setting"
import * as Settings from "../src/Settings.ts"

it.effect("the requester can start with nothing set", () =>
  Effect.gen(function* () {
    const settings = yield* Settings.read
    assert.deepInclude(settings, { brokers: ["localhost:9092"], topics: "create", concurrency: 64, timeout: 30_000 })
  }).pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord({}))))
)

it("every default is a value that the setting accepts", () => {
  for (const { decode, fallback, name } of Object.values<Setting<unknown>>(Settings.settings)) {
    assert.isTrue(Result.isSuccess(decode(fallback)), name)
  }
})

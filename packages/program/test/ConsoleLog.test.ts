import { assert, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as ConsoleLog from "../src/ConsoleLog.ts"

it.effect("one line per entry, the level only when it matters", () => {
  const lines: Array<string> = []
  const text = ConsoleLog.text(false)
  const layer = Logger.layer([Logger.make((options) => void lines.push(text.log(options)))])
  return Effect.gen(function* () {
    yield* Effect.logInfo("serving", { port: 1 })
    yield* Effect.logWarning("slow").pipe(Effect.annotateLogs({ operation: "Reserve", millis: 7 }))
    yield* Effect.logError("failed", Cause.fail(new Error("boom")))
    assert.match(lines[0]!, /^\d\d:\d\d:\d\d\.\d{3} serving {"port":1}$/)
    assert.match(lines[1]!, /^\S+ warn slow operation=Reserve millis=7$/)
    assert.match(lines[2]!, /^\S+ error failed\n[^]*boom/)
  }).pipe(Effect.provide(layer))
})

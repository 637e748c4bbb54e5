import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as TestClock from "effect/testing/TestClock"
import * as DefectLog from "../../../src/responder/internal/defectLog.ts"

/** The lines of twenty defects, one more ten seconds later, and whether each has its stack. */
const linesOf = Effect.fnUntraced(function* (namesAll: boolean) {
  const lines: Array<string> = []
  const logger = Logger.make(
    ({ cause, message }) => void lines.push(`${String(message)}${cause.reasons.length > 0 ? " +stack" : ""}`)
  )
  const log = DefectLog.make(yield* Clock.Clock, namesAll)
  const died = (id: number) => log("Take", String(id), Cause.die(new Error("disk full")))
  yield* Effect.forEach(
    Array.from({ length: 20 }, (_, id) => id),
    died
  ).pipe(
    Effect.andThen(TestClock.adjust("10 seconds")),
    Effect.andThen(died(20)),
    Effect.provide(Logger.layer([logger]))
  )
  return lines
})

describe("DefectLog", () => {
  it.effect("logs the first ones whole and counts the others", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* linesOf(false), [
        "the handler of Take died (call 0) +stack",
        "the handler of Take died (call 1) +stack",
        "the handler of Take died (call 2) +stack",
        "the handler of Take died (call 3) +stack",
        "the handler of Take died (call 4) +stack",
        "the handler of Take died (call 20); 15 more died since the last one that was logged +stack"
      ])
    })
  )

  it.effect("names all of them where a caller knows nothing but the name", () =>
    Effect.gen(function* () {
      const lines = yield* linesOf(true)
      assert.strictEqual(lines.length, 21)
      assert.strictEqual(lines[5], "the handler of Take died (call 5): disk full")
      assert.strictEqual(lines[20], "the handler of Take died (call 20) +stack")
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import type { Answered } from "@kafka-request-reply/core/Responder"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as TestClock from "effect/testing/TestClock"
import * as RequestLog from "../src/RequestLog.ts"

const answered = (partial: Partial<Answered> = {}): Answered => ({
  operation: "Reserve",
  key: "order-17",
  outcome: "success",
  millis: 1.25,
  attempt: 1,
  partition: 0,
  offset: 7,
  ...partial
})

const recorded = () => {
  const lines: Array<unknown> = []
  const layer = Logger.layer([
    Logger.make(({ message }) => lines.push(Array.isArray(message) ? message.join(" ") : message))
  ])
  return { lines, layer }
}

describe("RequestLog", () => {
  it.effect("shows the first requests of a second and sums up the rest", () => {
    const { layer, lines } = recorded()
    return Effect.gen(function* () {
      const { onAnswered } = yield* RequestLog.make({ linesPerSecond: 2, format: "text" })
      for (let i = 0; i < 5; i++) onAnswered(answered({ outcome: i === 4 ? "failure" : "success" }))
      yield* TestClock.adjust("1 second")
      onAnswered(answered({ key: undefined, attempt: 2 }))
      yield* TestClock.adjust("1 second")
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(lines, [
        "Reserve           order-17       success         1.3 ms",
        "Reserve           order-17       success         1.3 ms",
        "3 more: Reserve 2 success, 1 failure · slowest 1.3 ms",
        "Reserve           -              success         1.3 ms  (attempt 2)"
      ])
    }).pipe(Effect.scoped, Effect.provide(layer))
  })

  it.effect("sums up everything when it closes", () => {
    const { layer, lines } = recorded()
    return Effect.gen(function* () {
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { onAnswered } = yield* RequestLog.make({ linesPerSecond: 0, format: "text" })
          onAnswered(answered())
          onAnswered(answered({ outcome: "defect" }))
        })
      )
      assert.deepStrictEqual(lines, [
        "2 more: Reserve 1 success, 1 defect · slowest 1.3 ms",
        "stopped after 2 requests: Reserve 1 success, 1 defect · slowest 1.3 ms"
      ])
    }).pipe(Effect.provide(layer))
  })

  it.effect("gives fields to a structured log", () => {
    const entries: Array<ReturnType<typeof Logger.formatStructured.log>> = []
    const layer = Logger.layer([Logger.make((options) => entries.push(Logger.formatStructured.log(options)))])
    return Effect.gen(function* () {
      const { onAnswered } = yield* RequestLog.make({ linesPerSecond: 1, format: "json" })
      onAnswered(answered())
      assert.strictEqual(entries.length, 1)
      assert.deepInclude(entries[0] as object, { message: "answered", annotations: { ...answered() } })
    }).pipe(Effect.scoped, Effect.provide(layer))
  })
})

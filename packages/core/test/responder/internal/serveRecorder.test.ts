import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as TestClock from "effect/testing/TestClock"
import * as ServeRecorder from "../../../src/responder/internal/serveRecorder.ts"
import * as ResponderMetrics from "../../../src/telemetry/ResponderMetrics.ts"
import { because, TooLarge } from "../../../src/kafka/TransportError.ts"
import { recordAt } from "../fixtures.ts"

const notExecuted = (kind: string) =>
  Effect.map(Metric.value(Metric.withAttributes(ResponderMetrics.notExecuted, { kind })), ({ count }) => count)

const requests = (outcome: string) =>
  Effect.map(
    Metric.value(Metric.withAttributes(ResponderMetrics.requests, { operation: "recorded", outcome })),
    ({ count }) => count
  )

describe("ServeRecorder", () => {
  it.effect("warns of records that are no requests at most once in ten seconds, and counts them all", () => {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => void lines.push(String(message)))
    return Effect.gen(function* () {
      const recorder = yield* ServeRecorder.make
      const before = yield* notExecuted("malformed")
      const malformed = (offset: number) => recorder.notExecuted("malformed", recordAt(offset), "no rr header", 1)
      for (let offset = 1; offset <= 5; offset++) malformed(offset)
      yield* TestClock.adjust("9 seconds")
      malformed(6)
      yield* TestClock.adjust("1 second")
      malformed(7)
      yield* Effect.yieldNow
      assert.deepStrictEqual(lines, [
        "not executed: the record at stock.requests-0 offset 1: no rr header",
        "not executed: the record at stock.requests-0 offset 7 (and 5 before it): no rr header"
      ])
      assert.strictEqual((yield* notExecuted("malformed")) - before, 7)
    }).pipe(Effect.provide(Logger.layer([logger])))
  })

  it.effect("warns of dead letters that were lost, whatever else it has warned of", () => {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => void lines.push(String(message)))
    return Effect.gen(function* () {
      const recorder = yield* ServeRecorder.make
      recorder.notExecuted("malformed", recordAt(1), "no rr header", 1)
      const error = because(new TooLarge({ topic: "stock.dead", detail: "9 bytes" }))
      recorder.deadLetterLost(recordAt(1), error)
      recorder.deadLetterLost(recordAt(2), error)
      yield* Effect.yieldNow
      assert.deepStrictEqual(lines, [
        "not executed: the record at stock.requests-0 offset 1: no rr header",
        `not copied to the dead letter topic: the record at stock.requests-0 offset 1: ${error.message}`
      ])
    }).pipe(Effect.provide(Logger.layer([logger])))
  })

  it.effect("is silent about what is nobody's mistake", () => {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => void lines.push(String(message)))
    return Effect.gen(function* () {
      const recorder = yield* ServeRecorder.make
      recorder.notExecuted("expired", recordAt(1), "late", 1)
      recorder.notExecuted("redelivered", recordAt(1), "done", 1)
      yield* Effect.yieldNow
      assert.deepStrictEqual(lines, [])
    }).pipe(Effect.provide(Logger.layer([logger])))
  })

  it.effect("counts requests by operation and outcome, and their time in seconds", () =>
    Effect.gen(function* () {
      const recorder = yield* ServeRecorder.make
      recorder.answered("recorded", "success", 20)
      recorder.answered("recorded", "overloaded", 40)
      assert.deepStrictEqual(yield* Effect.all(["success", "overloaded", "failure"].map(requests)), [1, 1, 0])
      const duration = yield* Metric.value(Metric.withAttributes(ResponderMetrics.duration, { operation: "recorded" }))
      assert.strictEqual(Math.round(duration.sum * 1_000), 60)
    })
  )
})

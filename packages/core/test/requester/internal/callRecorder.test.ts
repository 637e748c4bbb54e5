import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as CallRecorder from "../../../src/requester/internal/callRecorder.ts"
import * as RequesterMetrics from "../../../src/telemetry/RequesterMetrics.ts"

const countOf = (outcome: string) =>
  Effect.map(
    Metric.value(Metric.withAttributes(RequesterMetrics.calls, { operation: "recorded", outcome })),
    ({ count }) => count
  )

describe("CallRecorder", () => {
  it.effect("counts calls by operation and outcome, reasons in snake case", () =>
    Effect.gen(function* () {
      const recorder = yield* CallRecorder.make
      // The gauge is the process's, and other requesters may have had their share of it before.
      const inFlight = Effect.map(Metric.value(RequesterMetrics.inFlight), ({ value }) => value)
      const before = yield* inFlight
      recorder.ended("recorded", "success", 20, 3)
      recorder.ended("recorded", "success", 40, 2)
      recorder.ended("recorded", "ReplyAddressLost", 1, 1)
      recorder.refused("recorded", "Overloaded")
      const counts = yield* Effect.all(["success", "reply_address_lost", "overloaded", "failure"].map(countOf))
      assert.deepStrictEqual(counts, [2, 1, 1, 0])
      const duration = yield* Metric.value(Metric.withAttributes(RequesterMetrics.duration, { operation: "recorded" }))
      assert.deepStrictEqual([duration.count, Math.round(duration.sum * 1_000)], [3, 61])
      assert.strictEqual((yield* inFlight) - before, 1)
    })
  )
})

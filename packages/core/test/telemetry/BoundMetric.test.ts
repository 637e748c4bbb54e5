import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { boundBy } from "../../src/telemetry/BoundMetric.ts"

describe("boundBy", () => {
  it.effect("counts under all labels, each value for itself", () =>
    Effect.gen(function* () {
      const counter = Metric.counter("test_bound_metric_total")
      const bound = boundBy(counter, { operation: "Get" }, "outcome")
      const context = yield* Effect.context<never>()
      bound("success").updateUnsafe(1, context)
      bound("success").updateUnsafe(1, context)
      bound("failure").updateUnsafe(1, context)
      const count = (outcome: string) =>
        Effect.map(Metric.value(Metric.withAttributes(counter, { outcome, operation: "Get" })), (state) => state.count)
      assert.deepStrictEqual(yield* Effect.all([count("success"), count("failure"), count("defect")]), [2, 1, 0])
      assert.strictEqual(bound("success"), bound("success"))
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { boundBy } from "../../src/telemetry/BoundMetric.ts"

describe("boundBy", () => {
  it.effect("counts under all labels, each value for itself", () =>
    Effect.gen(function* () {
      const counter = Metric.counter("test_bound_metric_total")
      const context = yield* Effect.context<never>()
      const bound = boundBy(counter, context, { operation: "Get" }, "outcome")
      bound("success").update(1)
      bound("success").update(1)
      bound("failure").update(1)
      const count = (outcome: string) =>
        Effect.map(Metric.value(Metric.withAttributes(counter, { outcome, operation: "Get" })), (state) => state.count)
      assert.deepStrictEqual(yield* Effect.all([count("success"), count("failure"), count("defect")]), [2, 1, 0])
      assert.strictEqual(bound("success"), bound("success"))
      // Another layer of the process counts in the same series, and one that was taken out begins again.
      boundBy(counter, context, { operation: "Get" }, "outcome")("failure").update(4)
      bound("failure").update(1)
      assert.strictEqual(yield* count("failure"), 6)
      yield* Metric.remove(Metric.withAttributes(counter, { outcome: "failure", operation: "Get" }))
      bound("failure").update(1)
      bound("failure").update(1)
      assert.strictEqual(yield* count("failure"), 2)
    })
  )
})

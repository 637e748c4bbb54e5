import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import { Latency } from "../src/Latency.ts"

const recorded = (values: ReadonlyArray<number>) => {
  const latency = new Latency()
  for (const value of values) latency.record(value)
  return latency.summary()!
}

const millis = Schema.Array(Schema.Finite.check(Schema.isBetween({ minimum: 0.001, maximum: 290_000 }))).check(
  Schema.isMinLength(1)
)

/** As HdrHistogram defines it: the value at the rank nearest to this share of all. */
const quantile = (sorted: ReadonlyArray<number>, share: number) =>
  sorted[Math.max(1, Math.floor(share * sorted.length + 0.5)) - 1]!

const near = (actual: number, expected: number, what: string) =>
  assert.closeTo(actual, expected, expected * 0.002 + 0.002, what)

describe("Latency", () => {
  it("has no summary of nothing", () => {
    assert.isUndefined(new Latency().summary())
  })

  it.prop("gives quantiles to three digits and loses no value", [Arbitrary.schema(millis)], ([values]) => {
    const sorted = values.toSorted((a, b) => a - b)
    const summary = recorded(values)
    near(summary.p50, quantile(sorted, 0.5), "p50")
    near(summary.p90, quantile(sorted, 0.9), "p90")
    near(summary.p99, quantile(sorted, 0.99), "p99")
    near(summary.min, sorted[0]!, "min")
    near(summary.max, sorted.at(-1)!, "max")
    assert.strictEqual(summary.count, values.length)
    assert.strictEqual(
      summary.steps.reduce((sum, { count }) => sum + count, 0),
      values.length
    )
  })

  it("counts in steps of 1-2-5, from the first with a value to the last", () => {
    assert.deepStrictEqual(recorded([1.5, 2, 12]).steps, [
      { upTo: 2, count: 2 },
      { upTo: 5, count: 0 },
      { upTo: 10, count: 0 },
      { upTo: 20, count: 1 }
    ])
  })
})

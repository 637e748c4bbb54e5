import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { LatencyHistogram } from "../../../src/requester/internal/latencyHistogram.ts"
import { elementOf, int } from "../../wire/arbitraries.ts"

/** From 1 ms to about 17 minutes, as evenly spread as latencies are. */
const latency = Arbitrary.map(int(0, 1_000), (step) => 2 ** (step / 50))
const latencies = Arbitrary.array(latency, { minLength: 1, maxLength: 300 })
const percents = elementOf([0.1, 25, 50, 90, 95, 99, 99.9])
const bucket = 2 ** (1 / 8)

const histogramOf = (values: ReadonlyArray<number>): LatencyHistogram => {
  const histogram = new LatencyHistogram()
  for (const value of values) histogram.add(value)
  return histogram
}

describe("LatencyHistogram", () => {
  it.prop(
    "tells a percentile at most a bucket too high, and never too low",
    [latencies, percents],
    ([values, percent]) => {
      const exact = values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil((percent / 100) * values.length)) - 1]!
      const told = histogramOf(values).percentile(percent)!
      assert.isAtLeast(told, exact * 0.999_999)
      assert.isAtMost(told, exact * bucket * 1.000_001)
    }
  )

  it.prop("tells no higher percentile a lower time", [latencies, percents, percents], ([values, one, other]) => {
    const histogram = histogramOf(values)
    const [low, high] = [Math.min(one, other), Math.max(one, other)]
    assert.isAtMost(histogram.percentile(low)!, histogram.percentile(high)!)
  })

  it.prop(
    "takes any number, and remembers no more than 2 048",
    [Arbitrary.array(elementOf([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e-9, 1e12, 5]), { minLength: 1 })],
    ([values]) => {
      const histogram = histogramOf(Array.from({ length: 5_000 }, (_, index) => values[index % values.length]!))
      assert.isAtMost(histogram.size, 2_048)
      assert.isTrue(Number.isFinite(histogram.percentile(95)))
    }
  )

  it("forgets what is long ago", () => {
    const histogram = histogramOf(Array.from({ length: 2_000 }, () => 1_000))
    assert.isAtLeast(histogram.percentile(95)!, 1_000)
    for (let index = 0; index < 12_000; index++) histogram.add(10)
    assert.isAtMost(histogram.percentile(95)!, 10 * bucket)
  })

  it("tells nothing of nothing", () => {
    assert.isUndefined(new LatencyHistogram().percentile(95))
  })
})

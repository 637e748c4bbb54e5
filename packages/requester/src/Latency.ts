/**
 * Response times: exact quantiles to three digits, and counts in steps of 1-2-5 for drawing.
 */
import { createHistogram } from "node:perf_hooks"

export interface Summary {
  readonly count: number
  readonly min: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
  /** Milliseconds up to which, and how many; from the first step with a count to the last. */
  readonly steps: ReadonlyArray<{ readonly upTo: number; readonly count: number }>
}

// 0.1 ms to 5 minutes, the longest timeout.
const bounds = [-1, 0, 1, 2, 3, 4, 5].flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`)))

const microseconds = 1000
const millis = (value: number): number => value / microseconds

/** Response times in milliseconds. Node's histogram is HdrHistogram: constant memory, however many are recorded. */
export class Latency {
  readonly #histogram = createHistogram({ figures: 3 })
  readonly #counts = bounds.map(() => 0)

  record(millis: number): void {
    this.#histogram.record(Math.max(1, Math.round(millis * microseconds)))
    const step = bounds.findIndex((bound) => millis <= bound)
    this.#counts[step === -1 ? bounds.length - 1 : step]!++
  }

  /** Undefined when nothing was recorded. */
  summary(): Summary | undefined {
    const histogram = this.#histogram
    if (histogram.count === 0) return undefined
    const first = this.#counts.findIndex((count) => count > 0)
    const last = this.#counts.findLastIndex((count) => count > 0)
    return {
      count: histogram.count,
      min: millis(histogram.min),
      p50: millis(histogram.percentile(50)),
      p90: millis(histogram.percentile(90)),
      p99: millis(histogram.percentile(99)),
      max: millis(histogram.max),
      steps: bounds.slice(first, last + 1).map((upTo, i) => ({ upTo, count: this.#counts[first + i]! }))
    }
  }
}

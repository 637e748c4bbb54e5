/**
 * One load, and what a measuring process says of it: a line of JSON each way.
 */
import type { Operation } from "./Workload.ts"

/** So many callers, each with one call in flight, until so many calls are made. */
export interface Load {
  readonly operation: Operation
  readonly inFlight: number
  readonly calls: number
  /** The number of the first call, so that keys are new in every load. */
  readonly from: number
}

/** Times in milliseconds. */
export interface Figures {
  readonly perSecond: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
  /** Calls whose answer was wrong or missing: a measurement with any is worth nothing. */
  readonly wrong: number
}

/** Figures of so many call times, which are sorted in place. */
export const figuresOf = (times: Float64Array, seconds: number, wrong: number): Figures => {
  times.sort()
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))]!
  return {
    perSecond: times.length / seconds,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    p999: at(0.999),
    max: at(1),
    wrong
  }
}

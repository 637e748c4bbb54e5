/**
 * What the samples of all rounds say together: medians with their spread, and ratios of medians. Pure.
 */
import type { Sample } from "./Campaign.ts"
import type { Operation } from "./Workload.ts"

/** A median and the range it is from. */
export interface Middle {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** One peer, operation and level, over all rounds. */
export interface Row {
  readonly peer: string
  readonly operation: Operation
  readonly inFlight: number
  readonly perSecond: Middle
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly requesterMicros: number | undefined
  readonly responderMicros: number | undefined
  readonly brokerMicros: number | undefined
  readonly requesterMb: number | undefined
  readonly responderMb: number | undefined
  /** Wrong or missing answers, of all rounds. */
  readonly wrong: number
}

export const middleOf = (values: ReadonlyArray<number>): Middle => {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length / 2
  const median = Number.isInteger(half) ? (sorted[half - 1]! + sorted[half]!) / 2 : sorted[Math.floor(half)]!
  return { median, low: sorted[0]!, high: sorted.at(-1)! }
}

const medianOf = (values: ReadonlyArray<number | undefined>): number | undefined => {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : middleOf(known).median
}

/** Rows in the order in which they were first measured. */
export const rowsOf = (samples: ReadonlyArray<Sample>): ReadonlyArray<Row> =>
  Array.from(
    Map.groupBy(samples, ({ inFlight, operation, peer }) => `${operation} ${inFlight} ${peer}`).values(),
    (group): Row => {
      const { inFlight, operation, peer } = group[0]!
      const median = (value: (sample: Sample) => number | undefined) => medianOf(group.map(value))
      return {
        peer,
        operation,
        inFlight,
        perSecond: middleOf(group.map(({ perSecond }) => perSecond)),
        p50: median(({ p50 }) => p50)!,
        p90: median(({ p90 }) => p90)!,
        p99: median(({ p99 }) => p99)!,
        p999: median(({ p999 }) => p999)!,
        requesterMicros: median(({ requesterMicros }) => requesterMicros),
        responderMicros: median(({ responderMicros }) => responderMicros),
        brokerMicros: median(({ brokerMicros }) => brokerMicros),
        requesterMb: median(({ requesterMb }) => requesterMb),
        responderMb: median(({ responderMb }) => responderMb),
        wrong: group.reduce((sum, { wrong }) => sum + wrong, 0)
      }
    }
  )

/** How often faster one peer is than another at the levels that both were measured at; above 1: faster. */
export const ratiosOf = (
  rows: ReadonlyArray<Row>,
  operation: Operation,
  of: string,
  to: ReadonlyArray<string>
): ReadonlyArray<{ readonly inFlight: number; readonly ratio: number }> =>
  rows
    .filter((row) => row.peer === of && row.operation === operation)
    .flatMap(({ inFlight, perSecond }) => {
      const others = rows.filter(
        (row) => row.operation === operation && row.inFlight === inFlight && to.includes(row.peer)
      )
      // Of several variants of a peer, its best one is what counts.
      const best = Math.max(...others.map((row) => row.perSecond.median))
      return others.length === 0 ? [] : [{ inFlight, ratio: perSecond.median / best }]
    })

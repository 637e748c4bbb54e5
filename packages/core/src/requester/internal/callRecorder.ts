/**
 * Counts what happens to calls, through metric handles bound beforehand.
 */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { boundBy } from "../../telemetry/BoundMetric.ts"
import * as RequesterMetrics from "../../telemetry/RequesterMetrics.ts"
import { shareOf } from "../../telemetry/SharedGauge.ts"

export interface CallRecorder {
  readonly started: (inFlight: number) => void
  /** A call left the table. `outcome` is a reply's outcome or an error's reason tag. */
  readonly ended: (operation: string, outcome: string, millis: number, inFlight: number) => void
  /** A call was refused before it was registered. */
  readonly refused: (operation: string, reason: string) => void
  /** A reply came that does not fit the contract. */
  readonly invalidReply: (operation: string) => void
  readonly retried: (operation: string) => void
  readonly throttled: () => void
  readonly hedged: (operation: string) => void
  /** A hedge was answered before the attempt beside which it was sent. */
  readonly hedgeWon: (operation: string) => void
  readonly hedgeThrottled: () => void
  readonly cancelled: () => void
  readonly ignored: (kind: "foreign" | "late" | "duplicate" | "forged" | "stale" | "malformed" | "undecodable") => void
}

const snakeCase = (tag: string): string => tag.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase()

export const make = Effect.gen(function* () {
  const context = yield* Effect.context<never>()
  const outcomes = new Map<string, (outcome: string) => Metric.Metric<number, unknown>>()
  const durations = boundBy(RequesterMetrics.duration, {}, "operation")
  const invalid = boundBy(RequesterMetrics.repliesInvalid, {}, "operation")
  const retries = boundBy(RequesterMetrics.retries, {}, "operation")
  const hedges = boundBy(RequesterMetrics.hedges, {}, "operation")
  const hedgesWon = boundBy(RequesterMetrics.hedgesWon, {}, "operation")
  const inFlightIs = shareOf(RequesterMetrics.inFlight, context)
  const ignored = boundBy(RequesterMetrics.repliesIgnored, {}, "kind")

  const count = (operation: string, outcome: string): void => {
    let bound = outcomes.get(operation)
    if (bound === undefined) {
      const byOutcome = boundBy(RequesterMetrics.calls, { operation }, "outcome")
      const cache = new Map<string, Metric.Metric<number, unknown>>()
      bound = (tag) => {
        let metric = cache.get(tag)
        if (metric === undefined) cache.set(tag, (metric = byOutcome(snakeCase(tag))))
        return metric
      }
      outcomes.set(operation, bound)
    }
    bound(outcome).updateUnsafe(1, context)
  }

  const recorder: CallRecorder = {
    started: inFlightIs,
    ended: (operation, outcome, millis, inFlight) => {
      count(operation, outcome)
      durations(operation).updateUnsafe(millis / 1000, context)
      inFlightIs(inFlight)
    },
    refused: count,
    invalidReply: (operation) => invalid(operation).updateUnsafe(1, context),
    retried: (operation) => retries(operation).updateUnsafe(1, context),
    throttled: () => RequesterMetrics.retriesThrottled.updateUnsafe(1, context),
    hedged: (operation) => hedges(operation).updateUnsafe(1, context),
    hedgeWon: (operation) => hedgesWon(operation).updateUnsafe(1, context),
    hedgeThrottled: () => RequesterMetrics.hedgesThrottled.updateUnsafe(1, context),
    cancelled: () => RequesterMetrics.cancels.updateUnsafe(1, context),
    ignored: (kind) => ignored(kind).updateUnsafe(1, context)
  }
  return recorder
})

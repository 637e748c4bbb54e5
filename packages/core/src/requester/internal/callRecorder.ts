/**
 * Counts what happens to calls, through metric handles bound beforehand.
 */
import * as Effect from "effect/Effect"
import { boundBy, type Series } from "../../telemetry/BoundMetric.ts"
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
  const outcomes = new Map<string, (outcome: string) => Series>()
  const durations = boundBy(RequesterMetrics.duration, context, {}, "operation")
  const invalid = boundBy(RequesterMetrics.repliesInvalid, context, {}, "operation")
  const retries = boundBy(RequesterMetrics.retries, context, {}, "operation")
  const hedges = boundBy(RequesterMetrics.hedges, context, {}, "operation")
  const hedgesWon = boundBy(RequesterMetrics.hedgesWon, context, {}, "operation")
  const inFlightIs = shareOf(RequesterMetrics.inFlight, context)
  const ignored = boundBy(RequesterMetrics.repliesIgnored, context, {}, "kind")

  const count = (operation: string, outcome: string): void => {
    let bound = outcomes.get(operation)
    if (bound === undefined) {
      const byOutcome = boundBy(RequesterMetrics.calls, context, { operation }, "outcome")
      const cache = new Map<string, Series>()
      bound = (tag) => {
        let metric = cache.get(tag)
        if (metric === undefined) cache.set(tag, (metric = byOutcome(snakeCase(tag))))
        return metric
      }
      outcomes.set(operation, bound)
    }
    bound(outcome).update(1)
  }

  const recorder: CallRecorder = {
    started: inFlightIs,
    ended: (operation, outcome, millis, inFlight) => {
      count(operation, outcome)
      durations(operation).update(millis / 1000)
      inFlightIs(inFlight)
    },
    refused: count,
    invalidReply: (operation) => invalid(operation).update(1),
    retried: (operation) => retries(operation).update(1),
    throttled: () => RequesterMetrics.retriesThrottled.updateUnsafe(1, context),
    hedged: (operation) => hedges(operation).update(1),
    hedgeWon: (operation) => hedgesWon(operation).update(1),
    hedgeThrottled: () => RequesterMetrics.hedgesThrottled.updateUnsafe(1, context),
    cancelled: () => RequesterMetrics.cancels.updateUnsafe(1, context),
    ignored: (kind) => ignored(kind).update(1)
  }
  return recorder
})

/**
 * Metrics of a publisher: waiting records, the age of the oldest, and back-offs.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { boundBy } from "../../telemetry/BoundMetric.ts"
import * as PublisherMetrics from "../../telemetry/PublisherMetrics.ts"
import { shareOf } from "../../telemetry/SharedGauge.ts"

export interface PublishRecorder {
  /** The number of waiting records and the age of the oldest. */
  readonly queued: (records: number, bytes: number, oldestMillis: number) => void
  readonly backedOff: (what: "partition" | "leader") => void
}

export const make: Effect.Effect<PublishRecorder, never, Scope.Scope> = Effect.gen(function* () {
  const context = yield* Effect.context()
  const records = shareOf(PublisherMetrics.queuedRecords, context)
  const bytes = shareOf(PublisherMetrics.queuedBytes, context)
  const oldestAge = shareOf(PublisherMetrics.oldestAge, context)
  const backoffs = boundBy(PublisherMetrics.backoffs, context, {}, "of")
  return {
    queued: (count, size, oldestMillis) => {
      records(count)
      bytes(size)
      oldestAge(oldestMillis / 1000)
    },
    backedOff: (what) => backoffs(what).update(1)
  }
})

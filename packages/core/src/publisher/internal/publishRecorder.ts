/**
 * Counts for operators: what waits, how long it has, and what was left alone.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { boundBy } from "../../telemetry/BoundMetric.ts"
import * as PublisherMetrics from "../../telemetry/PublisherMetrics.ts"
import { shareOf } from "../../telemetry/SharedGauge.ts"

export interface PublishRecorder {
  /** What waits now, and how long the oldest of it has. */
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

/**
 * Counts what happens to requests, through metric handles bound beforehand, and warns of records that are no requests,
 * and of those that could not be kept as dead letters, at most once in ten seconds each.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"
import * as FiberSet from "effect/FiberSet"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import { boundBy } from "../../telemetry/BoundMetric.ts"
import * as ResponderMetrics from "../../telemetry/ResponderMetrics.ts"
import { shareOf } from "../../telemetry/SharedGauge.ts"
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { Kind } from "./intake.ts"
import type { Losses } from "./offsetLedger.ts"

export interface ServeRecorder {
  readonly answered: (operation: string, outcome: string, millis: number) => void
  readonly running: (count: number) => void
  readonly open: (count: number) => void
  /** One record, or so many that could not be told apart. */
  readonly notExecuted: (
    kind: Kind | "redelivered" | "undecodable",
    record: ConsumedRecord,
    reason: string,
    count?: number
  ) => void
  /** What became of the log below or around the record. */
  readonly lost: (record: ConsumedRecord, losses: Losses | undefined) => void
  readonly duplicate: (kind: "replayed" | "joined" | "conflict") => void
  /** So many entries of what is remembered of answered requests went before their time. */
  readonly evicted: (count: number) => void
  readonly replyAbandoned: () => void
  /** The record could not be copied to the dead letter topic. */
  readonly deadLetterLost: (record: ConsumedRecord, error: TransportError) => void
  readonly commitFailed: () => void
  /** So many handlers run on though their time is up; the newest one works on this record. */
  readonly overdue: (count: number, newest?: ConsumedRecord) => void
  /** `onAnswered` threw: logged once. */
  readonly listenerFailed: (cause: unknown) => void
}

const warnEveryMillis = 10_000

export const make: Effect.Effect<ServeRecorder, never, Scope.Scope> = Effect.gen(function* () {
  const context = yield* Effect.context<never>()
  const clock = yield* Clock.Clock
  const run = yield* FiberSet.makeRuntime<never>()
  const outcomes = new Map<string, (outcome: string) => Metric.Metric<number, unknown>>()
  const durations = boundBy(ResponderMetrics.duration, {}, "operation")
  const kinds = boundBy(ResponderMetrics.notExecuted, {}, "kind")
  const passedOver = boundBy(ResponderMetrics.passedOver, {}, "kind")
  const duplicates = boundBy(ResponderMetrics.duplicates, {}, "kind")
  const running = shareOf(ResponderMetrics.running, context)
  const open = shareOf(ResponderMetrics.open, context)
  const overdue = shareOf(ResponderMetrics.overdue, context)
  let isListenerReported = false
  let isClosed = false

  const outcomesOf = (operation: string) => {
    let bound = outcomes.get(operation)
    if (bound === undefined)
      outcomes.set(operation, (bound = boundBy(ResponderMetrics.requests, { operation }, "outcome")))
    return bound
  }

  const warner = (what: string) => {
    let warnedAt = Number.NEGATIVE_INFINITY
    let unreported = 0
    return (record: ConsumedRecord, reason: string): void => {
      unreported++
      const now = monotonicMillis(clock)
      if (now - warnedAt < warnEveryMillis) return
      warnedAt = now
      const others = unreported === 1 ? "" : ` (and ${unreported - 1} before it)`
      unreported = 0
      const place = `${record.topic}-${record.partition} offset ${record.offset}`
      run(Effect.logWarning(`${what}: the record at ${place}${others}: ${reason}`))
    }
  }
  const warn = warner("not executed")
  const warnOfLosses = warner("offsets were passed over")
  const warnOfLost = warner("not copied to the dead letter topic")
  const warnOfOverdue = warner("a handler cannot be stopped")

  // What is left open then is somebody else's.
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      isClosed = true
      running(0)
      open(0)
      overdue(0)
    })
  )

  return {
    answered: (operation, outcome, millis) => {
      outcomesOf(operation)(outcome).updateUnsafe(1, context)
      durations(operation).updateUnsafe(millis / 1000, context)
    },
    running: (count) => running(isClosed ? 0 : count),
    open: (count) => open(isClosed ? 0 : count),
    notExecuted: (kind, record, reason, count = 1) => {
      kinds(kind).updateUnsafe(count, context)
      if (kind !== "redelivered" && kind !== "expired") warn(record, reason)
    },
    lost: (record, losses) => {
      if (losses === undefined) return
      const { absent, anew, truncated } = losses
      passedOver("absent").updateUnsafe(absent, context)
      passedOver("truncated").updateUnsafe(truncated, context)
      if (anew > 0) warnOfLosses(record, "the topic was deleted and made anew; what was open of the old one is dropped")
      if (truncated > 0)
        warnOfLosses(record, `the log was cut off: ${truncated} that had been read or committed are gone`)
      if (absent > 0) warnOfLosses(record, `${absent} before it have no record: deleted unread, or compacted`)
    },
    duplicate: (kind) => duplicates(kind).updateUnsafe(1, context),
    evicted: (count) => {
      if (count > 0) ResponderMetrics.evictions.updateUnsafe(count, context)
    },
    replyAbandoned: () => ResponderMetrics.repliesAbandoned.updateUnsafe(1, context),
    deadLetterLost: (record, error) => warnOfLost(record, error.message),
    overdue: (count, newest) => {
      overdue(isClosed ? 0 : count)
      if (newest !== undefined) warnOfOverdue(newest, "its time is up, it runs on and keeps its place (concurrency)")
    },
    commitFailed: () => ResponderMetrics.commitFailures.updateUnsafe(1, context),
    listenerFailed: (cause) => {
      if (isListenerReported) return
      isListenerReported = true
      run(Effect.logError("onAnswered threw, and may do so again without being reported", cause))
    }
  }
})

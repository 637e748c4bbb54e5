/**
 * Counts what happens to requests, through metric handles bound beforehand, and warns of records that are no requests,
 * and of those that could not be kept as dead letters, at most once in ten seconds each.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as FiberSet from "effect/FiberSet"
import { boundBy, type Series } from "../../telemetry/BoundMetric.ts"
import * as ResponderMetrics from "../../telemetry/ResponderMetrics.ts"
import { shareOf } from "../../telemetry/SharedGauge.ts"
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import type { Losses } from "./offsetLedger.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import { topicWarner, warner } from "./warnings.ts"

export interface ServeRecorder {
  readonly answered: (operation: string, outcome: string, millis: number) => void
  readonly running: (count: number) => void
  readonly open: (count: number) => void
  /** Bytes of everything that is kept. */
  readonly bytes: (count: number) => void
  /** One record, or so many that could not be told apart. */
  readonly notExecuted: (kind: string, record: ConsumedRecord, reason: string, count: number) => void
  /** What became of the log below or around the record. */
  readonly lost: (record: ConsumedRecord, losses: Losses) => void
  readonly duplicate: (kind: "replayed" | "joined" | "conflict" | "repeated") => void
  readonly evicted: (count: number) => void
  /** A reply was not written: nobody can be listening any more. */
  readonly replyAbandoned: () => void
  /** A reply could not be written. */
  readonly replyRefused: (topic: string, error: TransportError, advice: string) => void
  /** Replies to this topic will not arrive. */
  readonly replyTopicTrouble: (topic: string, trouble: string) => void
  /** The record could not be copied to the dead letter topic. */
  readonly deadLetterLost: (record: ConsumedRecord, error: TransportError) => void
  readonly commitFailed: () => void
  /** So many handlers run on though their time is up. */
  readonly overdue: (count: number) => void
  /** A handler that works on this record cannot be stopped; `what` names its operation and call. */
  readonly unstoppable: (record: ConsumedRecord, what: string) => void
  /** `onAnswered` threw: logged once. */
  readonly listenerFailed: (cause: unknown) => void
}

/** A gauge of what this responder holds: what is left when it closes is somebody else's. */
const gaugeOf = Effect.fnUntraced(function* (metric: Parameters<typeof shareOf>[0]) {
  const share = shareOf(metric, yield* Effect.context<never>())
  let isClosed = false
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      isClosed = true
      share(0)
    })
  )
  return (count: number): void => share(isClosed ? 0 : count)
})

export const make: Effect.Effect<ServeRecorder, never, Scope.Scope> = Effect.gen(function* () {
  const context = yield* Effect.context<never>()
  const clock = yield* Clock.Clock
  const run = yield* FiberSet.makeRuntime<never>()
  const outcomes = new Map<string, (outcome: string) => Series>()
  const durations = boundBy(ResponderMetrics.duration, context, {}, "operation")
  const kinds = boundBy(ResponderMetrics.notExecuted, context, {}, "kind")
  const duplicates = boundBy(ResponderMetrics.duplicates, context, {}, "kind")
  const running = yield* gaugeOf(ResponderMetrics.running)
  const open = yield* gaugeOf(ResponderMetrics.open)
  const overdue = yield* gaugeOf(ResponderMetrics.overdue)
  const passedOver = boundBy(ResponderMetrics.passedOver, context, {}, "kind")
  const bytes = yield* gaugeOf(ResponderMetrics.bytes)
  const refusals = boundBy(ResponderMetrics.repliesRefused, context, {}, "reason")
  let isListenerReported = false

  const outcomesOf = (operation: string) => {
    let bound = outcomes.get(operation)
    if (bound === undefined)
      outcomes.set(operation, (bound = boundBy(ResponderMetrics.requests, context, { operation }, "outcome")))
    return bound
  }

  const warn = warner(clock, run, "not executed")
  const warnOfLost = warner(clock, run, "not copied to the dead letter topic")
  const warnOfLosses = warner(clock, run, "offsets were passed over")
  const warnOfOverdue = warner(clock, run, "a handler cannot be stopped")

  const warnOnce = topicWarner(run)

  return {
    answered: (operation, outcome, millis) => {
      outcomesOf(operation)(outcome).update(1)
      durations(operation).update(millis / 1000)
    },
    running,
    open,
    notExecuted: (kind, record, reason, count) => {
      kinds(kind).update(count)
      if (kind !== "redelivered" && kind !== "expired") warn(record, reason)
    },
    lost: (record, { absent, anew, truncated }) => {
      passedOver("absent").update(absent)
      passedOver("truncated").update(truncated)
      if (anew > 0) warnOfLosses(record, "the topic was deleted and made anew; what was open of the old one is dropped")
      if (truncated > 0) {
        warnOfLosses(record, `the log was cut off: ${truncated} that had been read or committed are gone`)
      }
      if (absent > 0) warnOfLosses(record, `${absent} before it have no record: deleted unread, or compacted`)
    },
    duplicate: (kind) => duplicates(kind).update(1),
    evicted: (count) => {
      if (count > 0) ResponderMetrics.evictions.updateUnsafe(count, context)
    },
    replyAbandoned: () => ResponderMetrics.repliesAbandoned.updateUnsafe(1, context),
    replyRefused: (topic, { message, reason: { _tag } }, advice) => {
      refusals(_tag).update(1)
      if (_tag !== "TransportClosed")
        warnOnce(topic, _tag, `replies to ${topic} are not written: ${message}; ${advice}`)
    },
    replyTopicTrouble: (topic, trouble) => warnOnce(topic, "look", `replies will not arrive: ${trouble}`),
    deadLetterLost: (record, error) => warnOfLost(record, error.message),
    overdue,
    bytes,
    unstoppable: (record, what) =>
      warnOfOverdue(record, `the time of ${what} is up, it runs on and keeps its place (concurrency)`),
    commitFailed: () => ResponderMetrics.commitFailures.updateUnsafe(1, context),
    listenerFailed: (cause) => {
      if (isListenerReported) return
      isListenerReported = true
      run(Effect.logError("onAnswered threw, and may do so again without being reported", cause))
    }
  }
})

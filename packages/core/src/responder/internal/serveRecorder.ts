/**
 * Counts what happens to requests, through metric handles bound beforehand, and warns of records that are no requests,
 * and of those that could not be kept as dead letters, at most once in ten seconds each.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as FiberSet from "effect/FiberSet"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import { boundBy, type Series } from "../../telemetry/BoundMetric.ts"
import * as ResponderMetrics from "../../telemetry/ResponderMetrics.ts"
import { shareOf } from "../../telemetry/SharedGauge.ts"
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import type { Losses } from "./offsetLedger.ts"
import type { TransportError } from "../../kafka/TransportError.ts"

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

const warnEveryMillis = 10_000
const maxWarnings = 1_000

export const make: Effect.Effect<ServeRecorder, never, Scope.Scope> = Effect.gen(function* () {
  const context = yield* Effect.context<never>()
  const clock = yield* Clock.Clock
  const run = yield* FiberSet.makeRuntime<never>()
  const outcomes = new Map<string, (outcome: string) => Series>()
  const durations = boundBy(ResponderMetrics.duration, context, {}, "operation")
  const kinds = boundBy(ResponderMetrics.notExecuted, context, {}, "kind")
  const duplicates = boundBy(ResponderMetrics.duplicates, context, {}, "kind")
  const running = shareOf(ResponderMetrics.running, context)
  const open = shareOf(ResponderMetrics.open, context)
  const overdue = shareOf(ResponderMetrics.overdue, context)
  const passedOver = boundBy(ResponderMetrics.passedOver, context, {}, "kind")
  const bytes = shareOf(ResponderMetrics.bytes, context)
  const refusals = boundBy(ResponderMetrics.repliesRefused, context, {}, "reason")
  const warnedOf = new Set<string>()
  let isListenerReported = false
  let isClosed = false

  const outcomesOf = (operation: string) => {
    let bound = outcomes.get(operation)
    if (bound === undefined)
      outcomes.set(operation, (bound = boundBy(ResponderMetrics.requests, context, { operation }, "outcome")))
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
  const warnOfLost = warner("not copied to the dead letter topic")
  const warnOfLosses = warner("offsets were passed over")
  const warnOfOverdue = warner("a handler cannot be stopped")

  const warnOnce = (topic: string, why: string, text: string): void => {
    const what = `${topic} ${why}`
    // Requesters choose their topics: the warnings must not be endless, nor what is remembered of them.
    if (warnedOf.has(what) || warnedOf.size >= maxWarnings) return
    warnedOf.add(what)
    run(Effect.logWarning(text))
  }

  // What is left open then is somebody else's.
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      isClosed = true
      running(0)
      open(0)
      overdue(0)
      bytes(0)
    })
  )

  return {
    answered: (operation, outcome, millis) => {
      outcomesOf(operation)(outcome).update(1)
      durations(operation).update(millis / 1000)
    },
    running: (count) => running(isClosed ? 0 : count),
    open: (count) => open(isClosed ? 0 : count),
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
    overdue: (count) => overdue(isClosed ? 0 : count),
    bytes: (count) => bytes(isClosed ? 0 : count),
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

/**
 * Warnings that whoever sends records could cause without end: at most one in ten seconds of a kind, or one for each thing.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"

const warnEveryMillis = 10_000
const maxWarnings = 1_000

/** Runs an effect beside everything else. */
export type Run = (effect: Effect.Effect<void>) => void

/** Warns of records, with how many were passed over since it last did. */
export const warner = (clock: Clock.Clock, run: Run, what: string) => {
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

/** Warns once of each topic and reason. */
export const topicWarner = (run: Run) => {
  const warnedOf = new Set<string>()
  return (topic: string, why: string, text: string): void => {
    const what = `${topic} ${why}`
    // Requesters choose their topics: the warnings must not be endless, nor what is remembered of them.
    if (warnedOf.has(what) || warnedOf.size >= maxWarnings) return
    warnedOf.add(what)
    run(Effect.logWarning(text))
  }
}

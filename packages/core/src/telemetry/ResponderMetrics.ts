/**
 * The responder's metric handles. The engine updates them; any Effect exporter reads them.
 */
import * as Metric from "effect/Metric"

/** Requests answered, by `operation` and `outcome` (one of a reply, `cancelled`, or a status). */
export const requests = Metric.counter("kafka_rr_responder_requests_total", {
  description: "requests answered, by operation and outcome",
  incremental: true
})

/** From taking a request to its outcome, its wait for a turn included, by `operation`. 0.1 ms to 6.5 s in doublings. */
export const duration = Metric.histogram("kafka_rr_responder_request_duration_seconds", {
  description: "time from taking a request to its outcome",
  boundaries: Metric.exponentialBoundaries({ start: 0.0001, factor: 2, count: 17 })
})

/** Handlers running now, of all responders in the process. */
export const running = Metric.gauge("kafka_rr_responder_running", { description: "handlers running" })

/**
 * Handlers that run on a second and more after their time is up, since they cannot be interrupted, of all responders in
 * the process. Each keeps one of the places for handlers.
 */
export const overdue = Metric.gauge("kafka_rr_responder_overdue", {
  description: "handlers that run on though their time is up"
})

/** Requests taken from Kafka whose offset is not done yet, of all responders in the process. */
export const open = Metric.gauge("kafka_rr_responder_open_offsets", { description: "offsets taken and not done" })

/**
 * Records that were not executed, by `kind`: `malformed`, `unknown-operation`, `no-reply-address`, `forbidden-reply-topic`, `expired`,
 * `redelivered`, `foreign` (not a request of this protocol), `undecodable` (a batch that cannot be read: each of its records).
 */
export const notExecuted = Metric.counter("kafka_rr_responder_not_executed_total", {
  description: "records not executed, by kind",
  incremental: true
})

/**
 * Bytes of everything that responders keep: records that are not done, replies on their way, answers for repeated requests.
 * Of all responders in the process.
 */
export const bytes = Metric.gauge("kafka_rr_responder_kept_bytes", {
  description: "bytes of open requests, replies on their way and kept answers"
})

/** Replies that the brokers refused, or did not take in time, by `reason` (the kind of the transport's error). */
export const repliesRefused = Metric.counter("kafka_rr_responder_replies_refused_total", {
  description: "replies that could not be written, by reason",
  incremental: true
})

/** Replies that were given up: nobody can be listening any more, or others needed their room. */
export const repliesAbandoned = Metric.counter("kafka_rr_responder_replies_abandoned_total", {
  description: "replies that were given up, since nobody can be listening",
  incremental: true
})

/**
 * Requests recognised as duplicates, by `kind`: `replayed` (answered again), `joined` (share a run), `conflict` (another
 * payload), `repeated` (another record of an attempt, which is answered once).
 */
export const duplicates = Metric.counter("kafka_rr_responder_duplicates_total", {
  description: "requests recognised as duplicates, by kind",
  incremental: true
})

/** Deduplication entries evicted before their age, because of the limits on count or bytes. */
export const evictions = Metric.counter("kafka_rr_responder_dedupe_evictions_total", {
  description: "deduplication entries evicted before their age",
  incremental: true
})

/** Offset commits that failed; the next one carries the same offsets. */
export const commitFailures = Metric.counter("kafka_rr_responder_commit_failures_total", {
  description: "offset commits that failed",
  incremental: true
})

/**
 * Offsets of request topics that were passed over because the log lost them, by `kind`: `absent` (no record is there:
 * deleted before it was read, or compacted), `truncated` (the log was cut off below what had been read or committed).
 */
export const passedOver = Metric.counter("kafka_rr_responder_offsets_passed_over_total", {
  description: "offsets passed over because the log lost them, by kind",
  incremental: true
})

/**
 * The publisher's metric handles: of requesters' and responders' publishers alike. They are updated with each second.
 */
import * as Metric from "effect/Metric"

/** Records that have no outcome yet, of all publishers in the process. */
export const queuedRecords = Metric.gauge("kafka_rr_publisher_queued_records", {
  description: "records that have no outcome yet"
})

/** What these records take, of all publishers in the process. */
export const queuedBytes = Metric.gauge("kafka_rr_publisher_queued_bytes", {
  description: "bytes of records that have no outcome yet"
})

/** How long the record has waited that waits longest to be sent: the sum of all publishers in the process. */
export const oldestAge = Metric.gauge("kafka_rr_publisher_oldest_age_seconds", {
  description: "age of the oldest record that waits to be sent"
})

/** Pauses after a failure, by what was left alone: `partition`, `leader`. */
export const backoffs = Metric.counter("kafka_rr_publisher_backoffs_total", {
  description: "pauses after a failure, by what was left alone",
  incremental: true
})

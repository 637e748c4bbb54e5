/**
 * What a Kafka driver counts.
 */
import * as Metric from "effect/Metric"

/** How often a reader had to go on elsewhere than where it was, by `topic`: records were deleted, cut off or unreadable. */
export const positionsMoved = Metric.counter("kafka_rr_driver_positions_moved_total", {
  description: "times a reader went on elsewhere than where it was",
  incremental: true
})

/** Milliseconds of quiet that brokers asked for because of a quota (KIP-219). */
export const throttledMillis = Metric.counter("kafka_rr_driver_throttled_milliseconds_total", {
  description: "milliseconds of quiet that brokers asked for",
  incremental: true
})

/** Brokers that were taken for dead, by `broker`. */
export const brokersSuspected = Metric.counter("kafka_rr_driver_brokers_suspected_total", {
  description: "times a broker was taken for dead",
  incremental: true
})

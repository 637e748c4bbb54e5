/**
 * The requester's metric handles. The engine updates them; any Effect exporter reads them.
 *
 * All are unlabelled or labelled by `operation`, and by `outcome` or `kind`; durations are seconds (Prometheus rules).
 */
import * as Metric from "effect/Metric"

/** Calls that ended, by `operation` and `outcome` (a reply's, a `RequestError` reason in snake case, or `cancelled`). */
export const calls = Metric.counter("kafka_rr_requester_calls_total", {
  description: "calls that ended, by operation and outcome",
  incremental: true
})

/** From the call to its outcome, by `operation`. 0.5 ms to 16 s in doublings. */
export const duration = Metric.histogram("kafka_rr_requester_call_duration_seconds", {
  description: "time from call to outcome",
  boundaries: Metric.exponentialBoundaries({ start: 0.0005, factor: 2, count: 16 })
})

/** Calls that wait for their outcome now, of all requesters in the process. Changed with each call. */
export const inFlight = Metric.gauge("kafka_rr_requester_in_flight", { description: "calls waiting for their outcome" })

/** Attempts after the first that were made because one had failed or was not answered, by `operation`. */
export const retries = Metric.counter("kafka_rr_requester_retries_total", {
  description: "attempts after the first, hedges not counted",
  incremental: true
})

/** Retries not made because the retry budget was spent. */
export const retriesThrottled = Metric.counter("kafka_rr_requester_retries_throttled_total", {
  description: "retries not made because the retry budget was spent",
  incremental: true
})

/** Attempts that were sent beside another one, by `operation` (`Contract.Hedge`). */
export const hedges = Metric.counter("kafka_rr_requester_hedges_total", {
  description: "attempts sent beside another one",
  incremental: true
})

/** Calls that were ended by the reply to a hedge, by `operation`. */
export const hedgesWon = Metric.counter("kafka_rr_requester_hedges_won_total", {
  description: "calls ended by the reply to a hedge",
  incremental: true
})

/** Hedges not sent because the operation's hedge budget, or the retry budget, was spent. */
export const hedgesThrottled = Metric.counter("kafka_rr_requester_hedges_throttled_total", {
  description: "hedges not sent because a budget was spent",
  incremental: true
})

/**
 * Replies that reached no call, by `kind`: `foreign` (another requester's), `late` (its call had given up), `duplicate`,
 * `forged` (a number never called), `stale` (a rejection of an older attempt), `malformed`,
 * `undecodable` (a batch that cannot be read, counted once).
 */
export const repliesIgnored = Metric.counter("kafka_rr_requester_replies_ignored_total", {
  description: "replies that reached no call, by kind",
  incremental: true
})

/** Replies that do not fit the contract on this side, by `operation`: the two programs have different versions of it. */
export const repliesInvalid = Metric.counter("kafka_rr_requester_replies_invalid_total", {
  description: "replies that do not fit the contract",
  incremental: true
})

/** Cancels sent because a caller was interrupted, or because a hedged call ended while another attempt was out. */
export const cancels = Metric.counter("kafka_rr_requester_cancels_total", {
  description: "cancels sent for interrupted callers and for attempts beside the one that ended a call",
  incremental: true
})

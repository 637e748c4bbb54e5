/**
 * Every setting of a publisher, with its default.
 */
import type * as Duration from "effect/Duration"
import { duration, type Rules, whole, wireDuration } from "../settings/OptionRules.ts"

export interface Options {
  /** Produce requests in flight per leader, 2–4 (default 4): one loses throughput, more gain nothing. */
  readonly maxBatchesInFlight: number
  /** Records per produce request (default 512). */
  readonly maxBatchRecords: number
  /** Bytes per produce request (default 512 KiB); a larger single record travels alone. */
  readonly maxBatchBytes: number
  /**
   * Bytes of all records that have no outcome yet, the publisher's own cost of each included (default 128 MiB). What would
   * go beyond is refused at once.
   */
  readonly maxQueuedBytes: number
  /** How long the broker may take for one produce request (default 5 seconds). */
  readonly sendTimeout: Duration.Input
  /** The first and the longest pause of a partition after a failure (default 50 and 250 ms, doubling, ±20 %). */
  readonly minBackoff: Duration.Input
  readonly maxBackoff: Duration.Input
}

export const defaults: Options = {
  maxBatchesInFlight: 4,
  maxBatchRecords: 512,
  maxBatchBytes: 512 * 1024,
  maxQueuedBytes: 128 * 1024 * 1024,
  sendTimeout: "5 seconds",
  minBackoff: "50 millis",
  maxBackoff: "250 millis"
}

/** What the options accept. */
export const rules: Rules<Options> = {
  maxBatchesInFlight: whole(1),
  maxBatchRecords: whole(1),
  maxBatchBytes: whole(1),
  maxQueuedBytes: whole(1),
  sendTimeout: wireDuration(1),
  minBackoff: duration(0),
  maxBackoff: duration(1)
}

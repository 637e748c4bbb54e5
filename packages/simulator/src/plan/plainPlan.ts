/**
 * What plans are made of where nothing is chosen: a world of one each with room for everything, and a call that goes well.
 */
import type { PlannedCall, Settings } from "./Plan.ts"

/** Limits that a few calls never reach. */
export const wideLimits = {
  concurrency: 64,
  maxWaiting: 1_000,
  maxWaitingPerKey: 256,
  maxInFlight: 1_000,
  maxWaitMillis: undefined,
  maxTimeoutMillis: 300_000,
  dedupeEntries: 1_000
} satisfies Partial<Settings>

export const plainSettings: Settings = {
  ...wideLimits,
  requesters: 1,
  responders: 1,
  partitions: 1,
  replyPartitions: 1,
  isCompacted: false,
  leaders: 1,
  preemption: 0,
  sessionTimeoutMillis: 3_000,
  heartbeatMillis: 250,
  clockSkewMillis: 200,
  quiesceMillis: 300,
  drainMillis: 3_000,
  skews: [0]
}

/** A call of the first requester that succeeds at once. */
export const plainCall = (name: string, at: number, differences: Partial<PlannedCall> = {}): PlannedCall => ({
  name,
  requester: 0,
  at,
  operation: "Do",
  key: undefined,
  isScattered: false,
  value: 0,
  timeoutMillis: 3_000,
  millis: 0,
  behaviour: "ok",
  interruptAfter: undefined,
  isDiscard: false,
  isImpatient: false,
  isThrowing: false,
  isOversize: false,
  ...differences
})

/**
 * The responder's durations in milliseconds, resolved once.
 */
import * as Duration from "effect/Duration"
import type { Options } from "../Options.ts"

export interface Times {
  readonly maxWait: number
  readonly retryAfter: number
  readonly maxTimeout: number
  readonly clockSkew: number
  readonly startTimeout: number
  readonly drainTimeout: number
  readonly quiesceTimeout: number
  readonly commitInterval: number
  readonly dedupeAge: number
}

export const timesOf = (options: Options): Times => ({
  maxWait: options.maxWait === undefined ? Number.POSITIVE_INFINITY : Duration.toMillis(options.maxWait),
  retryAfter: Duration.toMillis(options.retryAfter),
  maxTimeout: Duration.toMillis(options.maxTimeout),
  clockSkew: Duration.toMillis(options.clockSkew),
  startTimeout: Duration.toMillis(options.startTimeout),
  drainTimeout: Duration.toMillis(options.drainTimeout),
  quiesceTimeout: Duration.toMillis(options.quiesceTimeout),
  commitInterval: Duration.toMillis(options.commitInterval),
  dedupeAge: Duration.toMillis(options.dedupeAge)
})

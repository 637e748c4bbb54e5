/**
 * Every setting of a requester, with its default and the reason for it.
 */
import * as Duration from "effect/Duration"
import type { HedgePolicy } from "../contract/Contract.ts"
import {
  between,
  duration,
  flag,
  oneOf,
  record,
  required,
  type Rules,
  text,
  whole,
  wireDuration
} from "../settings/OptionRules.ts"
import type * as PublisherOptions from "../publisher/PublisherOptions.ts"
import type { TopicPolicy } from "../startup/TopicSetup.ts"

export interface Options {
  /** How long a call waits when neither the call nor the contract says. Default 5 seconds, as in other RPC systems. */
  readonly timeout: Duration.Input
  /** The longest timeout a call may ask for; topics keep records about that long. Default 5 minutes. */
  readonly maxTimeout: Duration.Input
  /** Calls waiting at one time; more fail as `Overloaded`. Default 10 000, which takes up to 229 MB with small payloads. */
  readonly maxInFlight: number
  /** Payload bytes of all waiting calls; more fail as `Overloaded`. Default 64 MiB. */
  readonly maxInFlightBytes: number
  /** The largest encoded payload. Default 900 000 bytes, below the brokers' default `max.message.bytes` of 1 MiB. */
  readonly maxRequestBytes: number
  /** The topic replies come to. Default `<name>.replies` of the first contract. */
  readonly replyTopic: string | undefined
  /** The partition replies come to. Default: one picked by the instance's random token; sharing one is harmless. */
  readonly replyPartition: number | undefined
  /** Whether missing topics are an error at start or are created. Default `verify`. */
  readonly topics: TopicPolicy
  /** Partitions of topics created here. Default 6: up to six responders share the work. */
  readonly partitions: number
  /** How long the start may take: broker, topics, reply position. Default 5 seconds. */
  readonly startTimeout: Duration.Input
  /** How long closing waits for calls in flight. Default 25 seconds, inside the 30 that Kubernetes grants. */
  readonly drainTimeout: Duration.Input
  /** Settings of the publisher that writes requests and cancels; those not given have its defaults. */
  readonly publisher: Partial<PublisherOptions.Options>
  /** Tokens of the retry budget; retries stop while half are spent. 0 switches the budget off. Default 100. */
  readonly retryBudget: number
  /** Tokens a success gives back. Default 0.1: at most one retry for ten calls in the long run. */
  readonly retryBudgetRatio: number
  /**
   * Whether the request of a caller that is interrupted, or whose time is up, is cancelled at the responder, over
   * `<name>.control`. Default true.
   */
  readonly cancelOnInterrupt: boolean
  /**
   * Which calls fail at once, as `NoResponder`, while nobody serves their contract: when its consumer group was found
   * without a member twice in a row, a second apart. `true` all, `impatient` those made under `withWaitForReady(false)`.
   * Default false: they wait inside their deadline, so that programs may be started in any order.
   */
  readonly detectNoResponder: boolean | "impatient"
  /** The group that the responders of all contracts join, as their option `group` says. Default `<name>.responder`. */
  readonly responderGroup: string | undefined
  /**
   * Which calls get a span and send `traceparent`: `inherit` (default) those made inside a sampled span, `always`, or
   * `never`. A span costs 6–8 µs a call.
   */
  readonly tracing: "inherit" | "always" | "never"
}

export const defaults: Options = {
  timeout: "5 seconds",
  maxTimeout: "5 minutes",
  maxInFlight: 10_000,
  maxInFlightBytes: 64 * 1024 * 1024,
  maxRequestBytes: 900_000,
  replyTopic: undefined,
  replyPartition: undefined,
  topics: "verify",
  partitions: 6,
  startTimeout: "5 seconds",
  drainTimeout: "25 seconds",
  publisher: {},
  retryBudget: 100,
  retryBudgetRatio: 0.1,
  cancelOnInterrupt: true,
  detectNoResponder: false,
  responderGroup: undefined,
  tracing: "inherit"
}

// Kafka's own limit.
const maxTopicLength = 249
const maxGroupLength = 32_767

/** What the options accept. */
export const rules: Rules<Options> = {
  timeout: wireDuration(1),
  maxTimeout: wireDuration(1),
  maxInFlight: whole(1),
  maxInFlightBytes: whole(1),
  maxRequestBytes: whole(1),
  replyTopic: text(maxTopicLength),
  replyPartition: whole(0),
  topics: oneOf("verify", "create"),
  partitions: whole(1),
  startTimeout: duration(1),
  drainTimeout: duration(0),
  retryBudget: whole(0),
  retryBudgetRatio: between(0, 1),
  publisher: record,
  cancelOnInterrupt: flag,
  detectNoResponder: {
    accepts: 'true, false or "impatient"',
    isMet: (value) => flag.isMet(value) || value === "impatient"
  },
  responderGroup: text(maxGroupLength),
  tracing: oneOf("inherit", "always", "never")
}

/** What a contract's annotations may say of an operation here: a timeout beyond `maxTimeout` would fail every call. */
export const annotationRules = (maxTimeoutMillis: number) => ({
  timeout: duration(1, maxTimeoutMillis),
  maxAttempts: whole(1),
  baseDelay: duration(0),
  maxDelay: duration(0),
  attemptTimeout: duration(1)
})

const isPercentileDelay = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null || !("percentile" in value)) return false
  const { max, min, percentile } = value as Readonly<Record<string, unknown>>
  if (typeof percentile !== "number" || !(percentile > 0 && percentile < 100)) return false
  if (min !== undefined && !duration(1).isMet(min)) return false
  const least = min === undefined ? 1 : Duration.toMillis(Duration.fromInputUnsafe(min as Duration.Input))
  return max === undefined || duration(least).isMet(max)
}

/** What `Contract.Hedge` may say. */
export const hedgeRules: Rules<HedgePolicy> = {
  delay: required({
    accepts:
      "a finite duration of at least 1 ms, or { percentile, min, max } with a percentile between 0 and 100, and min no longer than max",
    isMet: (value) => isPercentileDelay(value) || duration(1).isMet(value)
  }),
  maxAttempts: whole(2),
  budget: between(0.001, 1)
}

/**
 * Every setting of a responder, with its default and the reason for it.
 */
import type * as Duration from "effect/Duration"
import { duration, flag, func, oneOf, record, type Rules, text, whole, wireDuration } from "../settings/OptionRules.ts"
import type * as PublisherOptions from "../publisher/PublisherOptions.ts"
import type { TopicPolicy } from "../startup/TopicSetup.ts"
import * as Bounds from "../wire/Bounds.ts"

/** One request that was answered, or finished without an answer. */
export interface Answered {
  readonly operation: string
  /** The record key, as text; undefined when the request had none. */
  readonly key: string | undefined
  /** `success`, `failure`, `defect`, `cause`, `interrupted`, `accepted`, `cancelled`, or the status of a rejection. */
  readonly outcome: string
  /** From taking the request to its outcome, milliseconds. */
  readonly millis: number
  readonly attempt: number
  readonly partition: number
  readonly offset: number
}

/** What shares are told apart by. Requests without the header or key are one share. */
export type FairShares =
  /** The name of a call header, exactly. */
  | { readonly header: string; readonly keyUntil?: undefined }
  /** The record key up to the first occurrence of this text: `"/"` makes `acme` of `acme/order-1`. */
  | { readonly keyUntil: string; readonly header?: undefined }

export interface Options {
  /**
   * Handlers running at one time, at most: fewer while more of them together only make all of them slower. Default 256:
   * enough to hide a slow database, small enough for one process.
   */
  readonly concurrency: number
  /**
   * Requests taken and waiting for their turn; past it fetching pauses, or those that are in the way of others or have no
   * chance are answered `overloaded`. Default 2 000: a second or so of work.
   */
  readonly maxWaiting: number
  /**
   * Bytes of the requests that are not done, headers and keys included, and of their replies; past it fetching pauses, and
   * while replies alone have it no handler starts. Default 64 MiB.
   */
  readonly maxOpenBytes: number
  /** Requests waiting behind one key; more are answered `overloaded`. Default 256: a hot key is one lane. */
  readonly maxWaitingPerKey: number
  /**
   * A request that waited longer for its turn, since it was appended, is answered `overloaded`; `Contract.MaxWait` says it of
   * one operation. Default: no limit but its deadline.
   */
  readonly maxWait: Duration.Input | undefined
  /** What `overloaded` tells callers to wait, at least. Default 1 second. */
  readonly retryAfter: Duration.Input
  /**
   * Shares the places fairly, as between tenants: by the value of a header, or by the record key up to a text. While requests
   * wait each share has the same time of the places, and what waits of the largest one is refused first. Default: no shares.
   */
  readonly fairShares: FairShares | undefined
  /** The longest budget a request may have, whatever it asks for. Default 5 minutes, as at the requester. */
  readonly maxTimeout: Duration.Input
  /** How far clocks may differ: work is dropped this long after its deadline. Default 5 seconds. */
  readonly clockSkew: Duration.Input
  /** The largest encoded reply. Default 900 000 bytes, below the brokers' default `max.message.bytes` of 1 MiB. */
  readonly maxReplyBytes: number
  /** The largest payload that is decoded. Default 1 MiB, what brokers let through by default. */
  readonly maxRequestBytes: number
  /** Topics that replies may be sent to, so that no request can make the responder write elsewhere. Default `*.replies`. */
  readonly isReplyTopic: (topic: string) => boolean
  /** Whether missing topics are an error at start or are created. Default `verify`. */
  readonly topics: TopicPolicy
  /** Partitions of a request topic created here. Default 6: up to six responders share the work. */
  readonly partitions: number
  /** The name of this instance in its replies, for callers and logs. Default: 8 random hexadecimal digits. */
  readonly instance: string | undefined
  /** The consumer group. Default `<name>.responder`. */
  readonly group: string | undefined
  /** How long the start may take: broker, topics, joining. Default 30 seconds: a killed member is waited out. */
  readonly startTimeout: Duration.Input
  /** How long closing waits for handlers and replies. Default 25 seconds, inside the 30 that Kubernetes grants. */
  readonly drainTimeout: Duration.Input
  /** Settings of the publisher that writes replies and dead letters; those not given have its defaults. */
  readonly publisher: Partial<PublisherOptions.Options>
  /** How long a rebalance or a drain holds the group for handlers to finish. Default 2 seconds. */
  readonly quiesceTimeout: Duration.Input
  /** How often finished offsets are committed. Default 250 milliseconds. */
  readonly commitInterval: Duration.Input
  /** Answers kept per idempotency key, of each operation that does not say itself. Default 100 000. */
  readonly dedupeEntries: number
  /**
   * Bytes of all that is remembered of answered requests: half for the answers kept per key, half for the outcomes of
   * attempts, which are kept until nobody can be waiting. Default 64 MiB.
   */
  readonly dedupeBytes: number
  /** How long answers are kept per key, of each operation that does not say itself. Default 10 minutes. */
  readonly dedupeAge: Duration.Input
  /**
   * Answer a defect with an id instead of its content; the content is logged under the id. Default true: what a handler
   * died of may quote what callers must not see. False suits development.
   */
  readonly hideDefects: boolean
  /** Where records that are no executable requests are copied, with the reason in headers. Default: nowhere. */
  readonly deadLetterTopic: string | undefined
  /** Whether requests that carry a trace get a span. Default `inherit`; `never` switches it off. */
  readonly tracing: "inherit" | "never"
  /** Told of every request that ended, those refused before they were taken included. Runs on the hot path: must be cheap and not throw. */
  readonly onAnswered: ((answered: Answered) => void) | undefined
}

export const defaults: Options = {
  concurrency: 256,
  maxWaiting: 2_000,
  maxOpenBytes: 64 * 1024 * 1024,
  maxWaitingPerKey: 256,
  maxWait: undefined,
  retryAfter: "1 second",
  fairShares: undefined,
  maxTimeout: "5 minutes",
  clockSkew: "5 seconds",
  maxReplyBytes: 900_000,
  maxRequestBytes: 1024 * 1024,
  isReplyTopic: (topic) => topic.endsWith(".replies"),
  topics: "verify",
  partitions: 6,
  instance: undefined,
  group: undefined,
  startTimeout: "30 seconds",
  drainTimeout: "25 seconds",
  publisher: {},
  quiesceTimeout: "2 seconds",
  commitInterval: "250 millis",
  dedupeEntries: 100_000,
  dedupeBytes: 64 * 1024 * 1024,
  dedupeAge: "10 minutes",
  hideDefects: true,
  deadLetterTopic: undefined,
  tracing: "inherit",
  onAnswered: undefined
}

// Kafka's own limits: a topic's name is part of file names, a group's name of records.
const maxTopicLength = 249
const maxGroupLength = 32_767

/** What the options accept. */
export const rules: Rules<Options> = {
  concurrency: whole(1),
  maxWaiting: whole(1),
  maxOpenBytes: whole(1),
  maxWaitingPerKey: whole(1),
  maxWait: duration(1),
  retryAfter: wireDuration(0),
  fairShares: {
    accepts: 'either { header: "…" } or { keyUntil: "…" }',
    isMet: (value) => {
      if (typeof value !== "object" || value === null) return false
      const entries = Object.entries(value)
      const [entry] = entries
      if (entries.length !== 1 || entry === undefined) return false
      return (entry[0] === "header" || entry[0] === "keyUntil") && typeof entry[1] === "string" && entry[1] !== ""
    }
  },
  maxTimeout: wireDuration(1),
  clockSkew: duration(0),
  maxReplyBytes: whole(1),
  maxRequestBytes: whole(1),
  partitions: whole(1),
  instance: text(Bounds.maxLabelLength),
  startTimeout: duration(1),
  drainTimeout: duration(0),
  quiesceTimeout: duration(0),
  commitInterval: duration(1),
  dedupeEntries: whole(0),
  dedupeBytes: whole(0),
  dedupeAge: duration(0),
  isReplyTopic: func,
  topics: oneOf("verify", "create"),
  group: text(maxGroupLength),
  publisher: record,
  hideDefects: flag,
  deadLetterTopic: text(maxTopicLength),
  tracing: oneOf("inherit", "never"),
  onAnswered: func
}

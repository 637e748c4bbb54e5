/**
 * What can go wrong between this process and the brokers, told apart by what it means for the caller.
 *
 * Drivers translate their library's errors into these with a total, pure classifier; nothing above a driver reads a
 * driver's error.
 *
 * @example
 * ```ts
 * import * as assert from "node:assert/strict"
 * import * as MemoryTransport from "@kafka-request-reply/core/MemoryTransport"
 * import * as Transport from "@kafka-request-reply/core/Transport"
 * import { Effect } from "effect"
 *
 * const read = Effect.flatMap(Transport.Transport, (transport) =>
 *   transport.readPartition({ topic: "orders", partition: 0, from: "end", onRecords: () => {} })
 * ).pipe(
 *   Effect.as("reading"),
 *   Effect.catchReason("TransportError", "NoSuchTopic", ({ topic }) => Effect.succeed(`there is no ${topic}`)),
 *   Effect.scoped,
 *   Effect.provide(MemoryTransport.layer)
 * )
 * assert.equal(await Effect.runPromise(read), "there is no orders")
 * ```
 */
import * as Formatter from "effect/Formatter"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

const id = "@kafka-request-reply/core/kafka/TransportError"

/** What the driver's library threw, when it threw something. */
const cause = Schema.optionalKey(Schema.Defect())

/** No broker could be reached, or the connection was lost. */
export class Unreachable extends Schema.TaggedError<Unreachable>(`${id}/Unreachable`)("Unreachable", {
  brokers: Schema.Array(Schema.String),
  detail: Schema.String,
  cause
}) {
  override get message() {
    return `no Kafka broker answers at ${this.brokers.join(", ")} (${this.detail}); check the bootstrap list and that the brokers run`
  }
}

/** A broker was asked and did not answer in time: the outcome is unknown. */
export class NoAnswer extends Schema.TaggedError<NoAnswer>(`${id}/NoAnswer`)("NoAnswer", {
  detail: Schema.String,
  cause
}) {
  override get message() {
    return `a Kafka broker did not answer in time: ${this.detail}`
  }
}

/** The broker is there but cannot do it now: leader moving, coordinator loading, too few replicas in sync. */
export class Unavailable extends Schema.TaggedError<Unavailable>(`${id}/Unavailable`)("Unavailable", {
  code: Schema.String,
  detail: Schema.String,
  cause
}) {
  override get message() {
    return `Kafka is not available for this now: ${this.code} ${this.detail}`
  }
}

/** The broker answered without saying what became of this record (drivers may lose one silently). */
export class Unacknowledged extends Schema.TaggedError<Unacknowledged>(`${id}/Unacknowledged`)("Unacknowledged", {
  topic: Schema.String,
  partition: Schema.Int
}) {
  override get message() {
    return `the broker did not acknowledge ${this.topic}-${this.partition}`
  }
}

/** The topic does not exist. */
export class NoSuchTopic extends Schema.TaggedError<NoSuchTopic>(`${id}/NoSuchTopic`)("NoSuchTopic", {
  topic: Schema.String
}) {
  override get message() {
    return `topic ${this.topic} does not exist; create it, or let the program create its topics`
  }
}

/** The topic exists and has fewer partitions. */
export class NoSuchPartition extends Schema.TaggedError<NoSuchPartition>(`${id}/NoSuchPartition`)("NoSuchPartition", {
  topic: Schema.String,
  partition: Schema.Int,
  partitions: Schema.Int
}) {
  override get message() {
    return `topic ${this.topic} has ${this.partitions} partitions, so there is no partition ${this.partition}`
  }
}

/** The broker refuses a record of this size. */
export class TooLarge extends Schema.TaggedError<TooLarge>(`${id}/TooLarge`)("TooLarge", {
  topic: Schema.String,
  detail: Schema.String,
  cause
}) {
  override get message() {
    return `a record for ${this.topic} is larger than the broker accepts (${this.detail}); raise the topic's max.message.bytes or send less`
  }
}

/** Authentication or authorization failed. */
export class NotAuthorized extends Schema.TaggedError<NotAuthorized>(`${id}/NotAuthorized`)("NotAuthorized", {
  code: Schema.String,
  detail: Schema.String,
  cause
}) {
  override get message() {
    return `Kafka refuses this client: ${this.code} ${this.detail}; check its credentials and ACLs`
  }
}

/** The broker refuses the request or the record for good. */
export class Refused extends Schema.TaggedError<Refused>(`${id}/Refused`)("Refused", {
  code: Schema.String,
  detail: Schema.String,
  cause
}) {
  override get message() {
    return `Kafka refused: ${this.code} ${this.detail}`
  }
}

/** The transport cannot work as it is set up here; no broker was asked. */
export class Misconfigured extends Schema.TaggedError<Misconfigured>(`${id}/Misconfigured`)("Misconfigured", {
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

/** More waits to be written than this process may hold: nothing was sent. */
export class QueueFull extends Schema.TaggedError<QueueFull>(`${id}/QueueFull`)("QueueFull", {
  limit: Schema.Int
}) {
  override get message() {
    return `more than ${this.limit} bytes wait to be written to Kafka; send less at a time, or raise maxQueuedBytes`
  }
}

/** The transport is closing or closed. */
export class TransportClosed extends Schema.TaggedError<TransportClosed>(`${id}/TransportClosed`)(
  "TransportClosed",
  {}
) {
  override get message() {
    return "the Kafka transport is closed"
  }
}

/** Anything a driver threw that no rule recognises; treated as transient with an unknown outcome. */
export class Unrecognised extends Schema.TaggedError<Unrecognised>(`${id}/Unrecognised`)("Unrecognised", {
  cause: Schema.Defect()
}) {
  override get message() {
    // Anything can be thrown, an object that is no text too, and an error of another realm.
    const { cause } = this
    const isError = Predicate.hasProperty(cause, "message") && typeof cause.message === "string"
    return `unrecognised driver failure: ${isError ? String(cause.message) : Formatter.format(cause)}`
  }
}

export const Reason = Schema.Union([
  Unreachable,
  NoAnswer,
  Unavailable,
  Unacknowledged,
  NoSuchTopic,
  NoSuchPartition,
  TooLarge,
  NotAuthorized,
  Refused,
  Misconfigured,
  QueueFull,
  TransportClosed,
  Unrecognised
])
export type Reason = typeof Reason.Type

/**
 * A failure of the transport: one error, its `reason` says which kind. Use `Effect.catchReason(s)` to tell them apart.
 */
export class TransportError extends Schema.TaggedError<TransportError>(id)("TransportError", { reason: Reason }) {
  override readonly cause = this.reason

  override get message() {
    return this.reason.message
  }

  /** True when the broker certainly did not write the record. */
  get isDefinitive(): boolean {
    switch (this.reason._tag) {
      case "NoSuchTopic":
      case "NoSuchPartition":
      case "TooLarge":
      case "NotAuthorized":
      case "Refused":
      case "Misconfigured":
      case "QueueFull":
        return true
      default:
        return false
    }
  }

  /**
   * True when the same thing may work a little later, without anybody changing anything. A missing topic counts: brokers
   * learn of a new topic one after the other.
   */
  get isRetryable(): boolean {
    const { _tag } = this.reason
    return _tag === "NoSuchTopic" || _tag === "QueueFull" || (!this.isDefinitive && _tag !== "TransportClosed")
  }
}

/** Wraps a reason. */
export const because = (reason: Reason): TransportError => new TransportError({ reason })

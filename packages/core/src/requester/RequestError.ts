/**
 * How a call can fail besides the errors its contract declares: one error whose `reason` says what is known.
 *
 * The question every caller has is "was it done?". Reasons that end a call before anything was sent say so; for the rest
 * `delivery` tells how far the request is known to have come.
 */
import * as Schema from "effect/Schema"

const id = "@kafka-request-reply/core/requester/RequestError"

/**
 * How far a request came: `not-sent` it was certainly never written · `unknown` it may have been · `acknowledged` the
 * broker has it, so a responder may have run it or may still run it before its deadline.
 */
export const Delivery = Schema.Literals(["not-sent", "unknown", "acknowledged"])
export type Delivery = typeof Delivery.Type

/** The deadline passed without an answer. */
export class Timeout extends Schema.TaggedError<Timeout>(`${id}/Timeout`)("Timeout", {
  operation: Schema.String,
  timeoutMillis: Schema.Number,
  delivery: Delivery,
  attempts: Schema.Int,
  correlationId: Schema.String,
  /** What stood in the way of sending, if anything did. */
  obstacle: Schema.optionalKey(Schema.String)
}) {
  override get message() {
    const known = {
      "not-sent": "the request was never written, so it was not executed",
      unknown: "whether the request was written is unknown",
      acknowledged: "the broker has the request; no responder answered in time"
    }[this.delivery]
    const obstacle = this.obstacle === undefined ? "" : ` (${this.obstacle})`
    return `${this.operation} had no answer after ${this.timeoutMillis} ms and ${this.attempts} attempt(s): ${known}${obstacle}`
  }
}

/** The request could not be written, and it is certain that it was not. */
export class NotSent extends Schema.TaggedError<NotSent>(`${id}/NotSent`)("NotSent", {
  operation: Schema.String,
  detail: Schema.String,
  isTransient: Schema.Boolean
}) {
  override get message() {
    return `${this.operation} was not sent: ${this.detail}`
  }
}

/** Nobody serves the contract now, and the requester was told not to wait (`detectNoResponder`). Nothing was sent. */
export class NoResponder extends Schema.TaggedError<NoResponder>(`${id}/NoResponder`)("NoResponder", {
  operation: Schema.String,
  group: Schema.String
}) {
  override get message() {
    return `${this.operation} was not sent: the consumer group ${this.group} has no member; start a responder, or let calls wait for one (detectNoResponder: false)`
  }
}

/** Too many calls are waiting in this requester. Nothing was sent. */
export class Overloaded extends Schema.TaggedError<Overloaded>(`${id}/Overloaded`)("Overloaded", {
  operation: Schema.String,
  limit: Schema.Literals(["maxInFlight", "maxInFlightBytes"]),
  value: Schema.Number
}) {
  override get message() {
    return `${this.operation} was not sent: the requester's ${this.limit} of ${this.value} is reached; call slower, or raise ${this.limit}`
  }
}

/**
 * A responder answered that it did not execute the request, or could not answer it, and why. It speaks for itself: a
 * request is delivered again when its partition changes hands, so the owner before may have begun it, and the owner after
 * may execute it if the refusal was not committed.
 */
export class Rejected extends Schema.TaggedError<Rejected>(`${id}/Rejected`)("Rejected", {
  operation: Schema.String,
  /** One of the statuses in `docs/protocol.md`, or one that a newer responder knows. */
  status: Schema.String,
  detail: Schema.String,
  isTransient: Schema.Boolean,
  /** How long the responder asks to wait before another try. */
  retryAfterMillis: Schema.optionalKey(Schema.Number)
}) {
  override get message() {
    return `${this.operation} was rejected by the responder as ${this.status}: ${this.detail}`
  }
}

/** The payload does not fit the contract. Nothing was sent. */
export class InvalidPayload extends Schema.TaggedError<InvalidPayload>(`${id}/InvalidPayload`)("InvalidPayload", {
  operation: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `${this.operation} was not sent, its payload does not fit the contract: ${this.detail}`
  }
}

/** The encoded request is larger than allowed. Nothing was sent. */
export class RequestTooLarge extends Schema.TaggedError<RequestTooLarge>(`${id}/RequestTooLarge`)("RequestTooLarge", {
  operation: Schema.String,
  bytes: Schema.Int,
  limit: Schema.Int
}) {
  override get message() {
    return `${this.operation} was not sent: its payload of ${this.bytes} bytes exceeds maxRequestBytes (${this.limit})`
  }
}

/** The call's headers use reserved names or are too large. Nothing was sent. */
export class InvalidHeaders extends Schema.TaggedError<InvalidHeaders>(`${id}/InvalidHeaders`)("InvalidHeaders", {
  operation: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `${this.operation} was not sent, its headers are not allowed: ${this.detail}`
  }
}

/** The timeout asked for is longer than the requester allows. Nothing was sent. */
export class InvalidTimeout extends Schema.TaggedError<InvalidTimeout>(`${id}/InvalidTimeout`)("InvalidTimeout", {
  operation: Schema.String,
  timeoutMillis: Schema.Number,
  maxTimeoutMillis: Schema.Number
}) {
  override get message() {
    return `${this.operation} was not sent: its timeout of ${this.timeoutMillis} ms is not between 1 ms and maxTimeout (${this.maxTimeoutMillis} ms)`
  }
}

/** A reply came that does not fit the contract: the two programs have different versions of it. */
export class InvalidReply extends Schema.TaggedError<InvalidReply>(`${id}/InvalidReply`)("InvalidReply", {
  operation: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `${this.operation} was executed but its reply does not fit this side's contract: ${this.detail}`
  }
}

/** The handler was interrupted before it ended. */
export class Interrupted extends Schema.TaggedError<Interrupted>(`${id}/Interrupted`)("Interrupted", {
  operation: Schema.String
}) {
  override get message() {
    return `${this.operation} was interrupted at the responder before it ended`
  }
}

/** The responder's clock says the deadline is over while this side's says it is not. */
export class ClockSkew extends Schema.TaggedError<ClockSkew>(`${id}/ClockSkew`)("ClockSkew", {
  operation: Schema.String,
  requesterMillis: Schema.Number,
  responderMillis: Schema.Number
}) {
  override get message() {
    return `${this.operation} was dropped as expired by a responder whose clock is ${this.responderMillis - this.requesterMillis} ms ahead; synchronise the clocks (NTP)`
  }
}

/** The partition that replies come to is gone; what became of the request is unknown. */
export class ReplyAddressLost extends Schema.TaggedError<ReplyAddressLost>(`${id}/ReplyAddressLost`)(
  "ReplyAddressLost",
  { operation: Schema.String, delivery: Delivery, detail: Schema.String }
) {
  override get message() {
    return `${this.operation} can get no reply: ${this.detail}`
  }
}

/** The requester is closing or closed. */
export class Closed extends Schema.TaggedError<Closed>(`${id}/Closed`)("Closed", {
  operation: Schema.String,
  delivery: Delivery
}) {
  override get message() {
    return `${this.operation} ended because its requester was closed (${this.delivery === "not-sent" ? "it was not sent" : "its outcome is unknown"})`
  }
}

export const Reason = Schema.Union([
  Timeout,
  NotSent,
  NoResponder,
  Overloaded,
  Rejected,
  InvalidPayload,
  RequestTooLarge,
  InvalidHeaders,
  InvalidTimeout,
  InvalidReply,
  Interrupted,
  ClockSkew,
  ReplyAddressLost,
  Closed
])
export type Reason = typeof Reason.Type

/**
 * A failure of the request/reply layer. Tell reasons apart with `Effect.catchReason("RequestError", "Timeout", …)`.
 */
export class RequestError extends Schema.TaggedError<RequestError>(id)("RequestError", { reason: Reason }) {
  override get message() {
    return this.reason.message
  }

  /**
   * True when the request was certainly not executed, because it was never written: it is safe to call again whatever the
   * operation does.
   */
  get isCertainlyNotExecuted(): boolean {
    switch (this.reason._tag) {
      case "NotSent":
      case "NoResponder":
      case "Overloaded":
      case "InvalidPayload":
      case "RequestTooLarge":
      case "InvalidHeaders":
      case "InvalidTimeout":
        return true
      case "Timeout":
      case "Closed":
      case "ReplyAddressLost":
        return this.reason.delivery === "not-sent"
      // What is in the log may be executed by any responder that owns its partition until its deadline (ADR 8).
      case "Rejected":
      case "ClockSkew":
      case "InvalidReply":
      case "Interrupted":
        return false
    }
  }

  /** True when the same call may succeed later without anybody changing anything. */
  get isRetryable(): boolean {
    switch (this.reason._tag) {
      case "Timeout":
      case "NoResponder":
      case "Overloaded":
      case "Interrupted":
      case "ReplyAddressLost":
        return true
      case "NotSent":
      case "Rejected":
        return this.reason.isTransient
      default:
        return false
    }
  }
}

/** Wraps a reason. */
export const because = (reason: Reason): RequestError => new RequestError({ reason })

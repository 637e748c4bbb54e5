/**
 * How a call that was accepted for sending can end without the outcome that its contract declares: the other reasons of a
 * `RequestError`.
 */
import * as Schema from "effect/Schema"
import { TransportError } from "../kafka/TransportError.ts"
import * as StatusCode from "./StatusCode.ts"

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
  /** Why the request could not be sent, or why that is not known, if anything stood in its way. */
  cause: Schema.optionalKey(TransportError)
}) {
  override get message() {
    const known = {
      "not-sent": "the request was never written, so it was not executed",
      unknown: "whether the request was written is unknown",
      acknowledged: "the broker has the request; no responder answered in time"
    }[this.delivery]
    const cause = this.cause === undefined ? "" : ` (${this.cause.message})`
    return `${this.operation} had no answer after ${this.timeoutMillis} ms and ${this.attempts} attempt(s): ${known}${cause}`
  }

  get code(): StatusCode.StatusCode {
    return "DEADLINE_EXCEEDED"
  }
}

/**
 * A responder answered that it did not execute the request, and why; `expired` is also said of a request that it stopped
 * while it ran. It speaks for itself: a request is delivered again when its partition changes hands, so the owner before
 * may have begun it, and the owner after may execute it if the rejection was not committed.
 */
export class Rejected extends Schema.TaggedError<Rejected>(`${id}/Rejected`)("Rejected", {
  operation: Schema.String,
  /** One of the statuses in `docs/protocol.md` that are not of executed requests, or one that a newer responder knows. */
  status: Schema.String,
  detail: Schema.String,
  isTransient: Schema.Boolean,
  /** How long the responder asks to wait before another try. */
  retryAfterMillis: Schema.optionalKey(Schema.Number)
}) {
  override get message() {
    return `${this.operation} was rejected by the responder as ${this.status}: ${this.detail}`
  }

  get code(): StatusCode.StatusCode {
    return StatusCode.ofStatus(this.status)
  }
}

/**
 * A responder executed the request, and its outcome cannot be told: it does not fit the contract (`reply-invalid`) or a
 * record (`reply-too-large`), the broker refuses it (`reply-refused`), or the handler or the responder failed in a way
 * that only the responder's log tells (`internal`; then the request may have been executed in part).
 */
export class Unanswerable extends Schema.TaggedError<Unanswerable>(`${id}/Unanswerable`)("Unanswerable", {
  operation: Schema.String,
  status: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    const known = this.status === "internal" ? "failed while it was executed" : "was executed but cannot be answered"
    return `${this.operation} ${known}, the responder says ${this.status}: ${this.detail}`
  }

  get code(): StatusCode.StatusCode {
    return StatusCode.ofStatus(this.status)
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

  get code(): StatusCode.StatusCode {
    return "INTERNAL"
  }
}

/** The handler was interrupted before it ended. */
export class Interrupted extends Schema.TaggedError<Interrupted>(`${id}/Interrupted`)("Interrupted", {
  operation: Schema.String
}) {
  override get message() {
    return `${this.operation} was interrupted at the responder before it ended`
  }

  get code(): StatusCode.StatusCode {
    return "ABORTED"
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

  get code(): StatusCode.StatusCode {
    return "FAILED_PRECONDITION"
  }
}

/** The partition that replies come to is gone; `delivery` says what became of the request. */
export class ReplyAddressLost extends Schema.TaggedError<ReplyAddressLost>(`${id}/ReplyAddressLost`)(
  "ReplyAddressLost",
  { operation: Schema.String, delivery: Delivery, cause: TransportError }
) {
  override get message() {
    const known = {
      "not-sent": "was not sent, since it could get no reply",
      unknown: "can get no reply, and may have been executed",
      acknowledged: "can get no reply, and may have been executed"
    }[this.delivery]
    return `${this.operation} ${known}: ${this.cause.message}; calls work again once the reply topic can be read`
  }

  get code(): StatusCode.StatusCode {
    return "UNAVAILABLE"
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

  get code(): StatusCode.StatusCode {
    return "CANCELLED"
  }
}

export const Failure = Schema.Union([
  Timeout,
  Rejected,
  Unanswerable,
  InvalidReply,
  Interrupted,
  ClockSkew,
  ReplyAddressLost,
  Closed
])
export type Failure = typeof Failure.Type

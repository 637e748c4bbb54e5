/**
 * Why a call was not sent: the reasons of a `RequestError` after which the request is certainly in no log, so nothing was
 * executed.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { TransportError } from "../kafka/TransportError.ts"
import * as StatusCode from "./StatusCode.ts"

const id = "@kafka-request-reply/core/requester/RequestError"

/** The request could not be written, and it is certain that it was not. */
export class NotSent extends Schema.TaggedError<NotSent>(`${id}/NotSent`)("NotSent", {
  operation: Schema.String,
  cause: TransportError
}) {
  override get message() {
    return `${this.operation} was not sent: ${this.cause.message}`
  }

  /** True when the request may be written a little later, without anybody changing anything. */
  get isTransient(): boolean {
    return this.cause.isRetryable
  }

  get code(): StatusCode.StatusCode {
    return StatusCode.ofTransport(this.cause)
  }
}

/** Nobody serves the contract now, and the requester was told not to wait (`detectNoResponder`). */
export class NoResponder extends Schema.TaggedError<NoResponder>(`${id}/NoResponder`)("NoResponder", {
  operation: Schema.String,
  group: Schema.String,
  /** For how long nobody has been seen there. */
  absentMillis: Schema.Number
}) {
  override get message() {
    return `${this.operation} was not sent: the consumer group ${this.group} has had no member for ${this.absentMillis} ms; start a responder, name its group (responderGroup), or let calls wait for one (detectNoResponder: false)`
  }

  get code(): StatusCode.StatusCode {
    return "UNAVAILABLE"
  }
}

/** Too many calls are waiting in this requester. */
export class Overloaded extends Schema.TaggedError<Overloaded>(`${id}/Overloaded`)("Overloaded", {
  operation: Schema.String,
  limit: Schema.Literals(["maxInFlight", "maxInFlightBytes"]),
  value: Schema.Number
}) {
  override get message() {
    return `${this.operation} was not sent: the requester's ${this.limit} of ${this.value} is reached; call slower, or raise ${this.limit}`
  }

  get code(): StatusCode.StatusCode {
    return "RESOURCE_EXHAUSTED"
  }
}

/** The call was made by a handler whose own request has no time left. */
export class BudgetExhausted extends Schema.TaggedError<BudgetExhausted>(`${id}/BudgetExhausted`)("BudgetExhausted", {
  operation: Schema.String
}) {
  override get message() {
    return `${this.operation} was not sent: the request being handled, which calls it, has no time left; give that one a longer timeout`
  }

  get code(): StatusCode.StatusCode {
    return "DEADLINE_EXCEEDED"
  }
}

/** The payload does not fit the contract. */
export class InvalidPayload extends Schema.TaggedError<InvalidPayload>(`${id}/InvalidPayload`)("InvalidPayload", {
  operation: Schema.String,
  /** All that is wrong, up to five places: `payload.quantity: expected a value greater than or equal to 1, got 0`. */
  detail: Schema.String,
  /** The places, where the schema names them: `{ path: "payload.quantity", expected: "an integer" }`. */
  issues: Schema.Array(Schema.Struct({ path: Schema.String, expected: Schema.String })).pipe(
    Schema.withConstructorDefault(Effect.succeed([]))
  )
}) {
  override get message() {
    return `${this.operation} was not sent, its payload does not fit the contract: ${this.detail}`
  }

  get code(): StatusCode.StatusCode {
    return "INVALID_ARGUMENT"
  }
}

/** The encoded request is larger than allowed. */
export class RequestTooLarge extends Schema.TaggedError<RequestTooLarge>(`${id}/RequestTooLarge`)("RequestTooLarge", {
  operation: Schema.String,
  bytes: Schema.Int,
  limit: Schema.Int
}) {
  override get message() {
    return `${this.operation} was not sent: its payload of ${this.bytes} bytes exceeds maxRequestBytes (${this.limit})`
  }

  get code(): StatusCode.StatusCode {
    return "RESOURCE_EXHAUSTED"
  }
}

/** The call's headers use reserved names or are too large. */
export class InvalidHeaders extends Schema.TaggedError<InvalidHeaders>(`${id}/InvalidHeaders`)("InvalidHeaders", {
  operation: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `${this.operation} was not sent, its headers are not allowed: ${this.detail}`
  }

  get code(): StatusCode.StatusCode {
    return "INVALID_ARGUMENT"
  }
}

/** The timeout asked for is no duration, or longer than the requester allows. */
export class InvalidTimeout extends Schema.TaggedError<InvalidTimeout>(`${id}/InvalidTimeout`)("InvalidTimeout", {
  operation: Schema.String,
  /** What was asked for, as text. */
  given: Schema.String,
  maxTimeoutMillis: Schema.Number
}) {
  override get message() {
    return `${this.operation} was not sent: its timeout is ${this.given}; it takes a duration from 1 ms to maxTimeout (${this.maxTimeoutMillis} ms), as in "2 seconds"`
  }

  get code(): StatusCode.StatusCode {
    return "INVALID_ARGUMENT"
  }
}

export const Refusal = Schema.Union([
  NotSent,
  NoResponder,
  Overloaded,
  BudgetExhausted,
  InvalidPayload,
  RequestTooLarge,
  InvalidHeaders,
  InvalidTimeout
])
export type Refusal = typeof Refusal.Type

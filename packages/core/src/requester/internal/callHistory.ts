/**
 * What is known of a call whose middleware may exchange more than one request: how far any of them came. Certainty is of
 * the call, so an error of a later exchange must not say more than is true of all of them.
 */
import type { Operation } from "../../contract/Operation.ts"
import * as CorrelationId from "../../wire/CorrelationId.ts"
import { type Delivery, type Reason, RequestError, Timeout } from "../RequestError.ts"
import type { Call } from "./call.ts"
import { requestErrorOf } from "./requestErrorOf.ts"

export class CallHistory {
  readonly operation: Operation
  readonly startedAt: number
  /** Of the whole call, monotonic milliseconds. */
  readonly deadline: number
  #delivery: Delivery = "not-sent"
  #attempts = 0
  #correlationId: Uint8Array | undefined

  constructor(operation: Operation, startedAt: number, deadline: number) {
    this.operation = operation
    this.startedAt = startedAt
    this.deadline = deadline
  }

  get delivery(): Delivery {
    return this.#delivery
  }

  /** An exchange has ended; one that was answered was written. */
  ended(call: Call, isAnswered: boolean): void {
    const delivery = isAnswered ? "acknowledged" : call.furthest
    if (this.#delivery === "not-sent" || delivery === "acknowledged") this.#delivery = delivery
    this.#attempts += call.made
    this.#correlationId = call.correlationId
  }

  /** The error as it is true of the whole call. */
  toldOf(error: RequestError): RequestError {
    return this.#delivery === "not-sent" || !error.isCertainlyNotExecuted
      ? error
      : new RequestError({ reason: error.reason, mayRunTwice: error.mayRunTwice, earlierDelivery: this.#delivery })
  }

  /** What ends the call outside any exchange. */
  error(reason: Reason): RequestError {
    return this.toldOf(requestErrorOf(this.operation, reason))
  }

  /** Its time is up, outside any exchange. */
  timeout(): RequestError {
    return this.error(
      new Timeout({
        operation: this.operation.tag,
        timeoutMillis: Math.round(this.deadline - this.startedAt),
        delivery: this.#delivery,
        attempts: this.#attempts,
        correlationId: this.#correlationId === undefined ? "" : CorrelationId.toHex(this.#correlationId)
      })
    )
  }
}

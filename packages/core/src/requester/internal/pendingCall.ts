/**
 * A call that waits for its outcome, and its attempts. Data with little behaviour: what ends a call is decided by
 * whoever takes it out of the pending table.
 */
import * as Deferred from "effect/Deferred"
import type { Operation } from "../../contract/Operation.ts"
import type { ConsumedRecord, OutgoingRecord } from "../../kafka/KafkaRecord.ts"
import { Publication } from "../../publisher/Publication.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { ReplyEnvelope } from "../../wire/ReplyEnvelope.ts"
import type { Delivery, RequestError } from "../RequestError.ts"
import type { RetryTimes } from "./retryDecision.ts"

/** A reply that reached its call. */
export interface Reply {
  readonly record: ConsumedRecord
  readonly envelope: ReplyEnvelope
}

/** What the engine does when an attempt's record is given up. */
export interface AttemptObserver {
  readonly onAttemptRefused: (call: PendingCall, attempt: Attempt, error: TransportError) => void
}

/** One record of a call on its way to the broker. */
export class Attempt extends Publication {
  readonly call: PendingCall
  readonly number: number
  /** A responder said that it did not execute it. */
  isRejected = false
  /** The publisher has given it up. */
  isRefused = false
  readonly #observer: AttemptObserver

  constructor(call: PendingCall, number: number, record: OutgoingRecord, observer: AttemptObserver) {
    super(record, call.deadline, call.waitsForReady)
    this.call = call
    this.number = number
    this.#observer = observer
  }

  override onAcknowledged(): void {}

  override onRefused(error: TransportError): void {
    this.isRefused = true
    this.#observer.onAttemptRefused(this.call, this, error)
  }
}

/** What is needed to send another attempt, kept only for operations that may be retried. */
export type Resend = (attempt: number) => OutgoingRecord

export class PendingCall {
  /** The counter in its correlation id. */
  readonly number: number
  readonly correlationId: Uint8Array
  readonly operation: Operation
  /** Monotonic milliseconds. */
  readonly startedAt: number
  readonly deadline: number
  readonly byteSize: number
  readonly waitsForReady: boolean
  readonly outcome = Deferred.makeUnsafe<Reply, RequestError>()
  readonly attempts: Array<Attempt> = []
  /** When to send the next attempt if nothing else happens, monotonic milliseconds; infinite when never. */
  retryAt = Number.POSITIVE_INFINITY
  /** The newest rejection, reported when no later attempt brings anything better. */
  rejection: RequestError | undefined
  /** Why an attempt was given up by the publisher, the newest one. */
  refusal: TransportError | undefined
  readonly resend: Resend | undefined
  /** How it is retried; undefined when it is not. */
  readonly times: RetryTimes | undefined

  constructor(fields: {
    readonly number: number
    readonly correlationId: Uint8Array
    readonly operation: Operation
    readonly startedAt: number
    readonly deadline: number
    readonly byteSize: number
    readonly waitsForReady: boolean
    readonly resend: Resend | undefined
    readonly times: RetryTimes | undefined
  }) {
    this.number = fields.number
    this.correlationId = fields.correlationId
    this.operation = fields.operation
    this.startedAt = fields.startedAt
    this.deadline = fields.deadline
    this.byteSize = fields.byteSize
    this.waitsForReady = fields.waitsForReady
    this.resend = fields.resend
    this.times = fields.times
  }

  get newestAttempt(): number {
    return this.attempts.length
  }

  /** How far the request is known to have come: the furthest of its attempts. */
  get delivery(): Delivery {
    let delivery: Delivery = "not-sent"
    for (const attempt of this.attempts) {
      if (attempt.delivery === "acknowledged") return "acknowledged"
      if (attempt.delivery === "handed-over" || attempt.isUnclear) delivery = "unknown"
    }
    return delivery
  }

  /** What keeps the request from being sent, if anything does: the deadline may pass while an attempt is still being tried. */
  get unsentBecause(): TransportError | undefined {
    if (this.delivery === "acknowledged") return undefined
    return this.attempts.findLast(({ lastError }) => lastError !== undefined)?.lastError ?? this.refusal
  }

  /**
   * Whether an attempt may be executed that no responder rejected. One that is unclear may have been written twice, and
   * rejected once.
   */
  get hasOpenAttempt(): boolean {
    return this.attempts.some(
      ({ delivery, isRejected, isUnclear }) => isUnclear || (!isRejected && delivery !== "queued")
    )
  }

  /** Whether the newest attempt still waits to be written, so that another one to its partition would wait behind it. */
  get isWaiting(): boolean {
    const newest = this.attempts.at(-1)
    return newest !== undefined && newest.delivery === "queued" && !newest.isUnclear && !newest.isRefused
  }

  /** Nobody waits any more: attempts that were not handed over yet need not be sent. */
  abandon(): void {
    for (const attempt of this.attempts) attempt.abandoned = true
  }
}

/**
 * A call that waits for its outcome. It is its own first attempt, and so the publisher's queue item itself: one object
 * for a call that is answered at once. What ends a call is decided by whatever takes it out of the table of calls.
 */
import type * as Exit from "effect/Exit"
import type { ConsumedRecord, OutgoingRecord } from "../../kafka/KafkaRecord.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import { Publication } from "../../publisher/Publication.ts"
import type { ReplyEnvelope } from "../../wire/ReplyEnvelope.ts"
import type { Delivery, RequestError } from "../RequestError.ts"
import type { CallHistory } from "./callHistory.ts"
import type { ContractRoute } from "./contractRoute.ts"
import type { RequestTemplate } from "./prepare.ts"

/** A reply that reached its call. */
export interface Reply {
  readonly record: ConsumedRecord
  readonly envelope: ReplyEnvelope
}

/** What holds the call, and is told when the publisher gives one of its attempts up. */
export interface CallOwner {
  readonly attemptRefused: (attempt: Attempt, error: TransportError) => void
}

/** One record of a call on its way to the broker. */
export abstract class Attempt extends Publication {
  /** A responder said that it did not execute it. */
  isRejected = false
  /** The publisher has given it up. */
  isRefused = false

  abstract get call(): Call
  /** From 1. */
  abstract get ordinal(): number
  /** It was sent beside another one that was out, and not because that had failed. */
  abstract get isHedge(): boolean

  /** A responder may have executed it, or may yet. One that is unclear may have been written twice, and rejected once. */
  get isOpen(): boolean {
    return this.isUnclear || (!this.isRejected && this.delivery !== "not-sent")
  }

  /** It may be answered yet, or written. */
  get isOut(): boolean {
    return this.isOpen || (!this.isRejected && !this.isRefused)
  }

  override onAcknowledged(): void {}

  override onRefused(error: TransportError): void {
    this.isRefused = true
    this.call.owner.attemptRefused(this, error)
  }
}

/** Any record after the first: of a later attempt, or of the same one that goes elsewhere since it was not written. */
export class Retry extends Attempt {
  readonly call: Call
  readonly ordinal: number
  readonly isHedge: boolean

  constructor(call: Call, ordinal: number, record: OutgoingRecord, waits: boolean, isHedge: boolean) {
    super(record, call.deadline, waits)
    this.call = call
    this.ordinal = ordinal
    this.isHedge = isHedge
  }
}

/** What a call is made of, besides the record of its first attempt. */
export interface CallParts {
  readonly owner: CallOwner
  /** The counter in its correlation id. */
  readonly number: number
  readonly correlationId: Uint8Array
  readonly template: RequestTemplate
  readonly route: ContractRoute
  /** Continues the caller's fiber. Foreign code runs in it: only to be called where it can harm nothing. */
  readonly resume: (exit: Exit.Exit<Reply, RequestError>) => void
  readonly history: CallHistory | undefined
}

export class Call extends Attempt {
  readonly owner: CallOwner
  readonly number: number
  readonly correlationId: Uint8Array
  readonly template: RequestTemplate
  readonly route: ContractRoute
  readonly resume: CallParts["resume"]
  /** What is known of other exchanges of the same call; undefined when there can be none. */
  readonly history: CallHistory | undefined
  /** How it ended, from then until its caller is told. */
  outcome: Exit.Exit<Reply, RequestError> | undefined
  /** When to send the next attempt if nothing else happens, monotonic milliseconds; infinite when never. */
  retryAt = Number.POSITIVE_INFINITY
  /** When to send another attempt beside those that are out, monotonic milliseconds; infinite when never. */
  hedgeAt = Number.POSITIVE_INFINITY
  /** Attempts of it were out side by side on purpose. */
  isHedged = false
  /** How many attempts were made. */
  made = 1
  /** The retry budget has held up the next attempt; counted once. */
  isThrottled = false
  /** What of it waits until replies can be heard. */
  held: "first" | "next" | undefined
  /** The newest rejection, reported when no later attempt brings anything better. */
  rejection: RequestError | undefined
  /** Why an attempt was given up by the publisher, the newest one. */
  refusal: TransportError | undefined
  #retries: Array<Retry> | undefined

  /** `waits`: the record is not to come back while it could go elsewhere. */
  constructor(record: OutgoingRecord, parts: CallParts, waits = parts.template.waitsForReady) {
    super(record, parts.template.deadline, waits)
    this.owner = parts.owner
    this.number = parts.number
    this.correlationId = parts.correlationId
    this.template = parts.template
    this.route = parts.route
    this.resume = parts.resume
    this.history = parts.history
  }

  override get call(): Call {
    return this
  }

  override get ordinal(): number {
    return 1
  }

  override get isHedge(): boolean {
    return false
  }

  get tag(): string {
    return this.template.operation.tag
  }

  get payloadBytes(): number {
    return this.template.value.byteLength
  }

  /** All that was made to be sent of it. */
  get records(): ReadonlyArray<Attempt> {
    return this.#retries === undefined ? [this] : [this, ...this.#retries]
  }

  /** The partitions that its records went to. */
  get tried(): ReadonlyArray<number> {
    return this.records.map(({ partition }) => partition)
  }

  /** The record that was made last. */
  get newest(): Attempt {
    return this.#retries?.at(-1) ?? this
  }

  /** Adds a record: of the next attempt, or in place of one that was not written. */
  again(record: OutgoingRecord, ordinal: number, waits = this.template.waitsForReady, isHedge = false): Retry {
    const retry = new Retry(this, ordinal, record, waits, isHedge)
    if (ordinal > this.made) this.made = ordinal
    if (isHedge) this.isHedged = true
    if (this.#retries === undefined) this.#retries = [retry]
    else this.#retries.push(retry)
    return retry
  }

  /** How far the request is known to have come: the furthest of its attempts. */
  get furthest(): Delivery {
    let furthest: Delivery = "not-sent"
    for (let index = this.#count - 1; index >= 0; index--) {
      const attempt = this.#attempt(index)
      if (attempt.delivery === "acknowledged") return "acknowledged"
      if (attempt.delivery === "unknown") furthest = "unknown"
    }
    return furthest
  }

  /** What keeps it from being sent, if anything does: the deadline may pass while an attempt is still being tried. */
  get sendError(): TransportError | undefined {
    if (this.furthest === "acknowledged") return undefined
    for (let index = this.#count - 1; index >= 0; index--) {
      const { lastError } = this.#attempt(index)
      if (lastError !== undefined) return lastError
    }
    return this.refusal
  }

  /** Whether an attempt may be executed that no responder rejected. */
  get hasOpenAttempt(): boolean {
    return this.isOpenBeside(0)
  }

  /** Whether an attempt other than this one may be executed, or may have been. */
  isOpenBeside(ordinal: number): boolean {
    for (let index = this.#count - 1; index >= 0; index--) {
      const attempt = this.#attempt(index)
      if (attempt.ordinal !== ordinal && attempt.isOpen) return true
    }
    return false
  }

  /** Whether an attempt other than this one may be answered yet. */
  isOutBeside(ordinal: number): boolean {
    for (let index = this.#count - 1; index >= 0; index--) {
      const attempt = this.#attempt(index)
      if (attempt.ordinal !== ordinal && attempt.isOut) return true
    }
    return false
  }

  /** The newest record of an attempt; undefined when there was no such attempt. */
  attempt(ordinal: number): Attempt | undefined {
    for (let index = this.#count - 1; index >= 0; index--) {
      const attempt = this.#attempt(index)
      if (attempt.ordinal === ordinal) return attempt
    }
    return undefined
  }

  /** Whether the newest attempt still waits to be written, so that another one to its partition would wait behind it. */
  get isWaiting(): boolean {
    const { delivery, isRefused } = this.newest
    return delivery === "not-sent" && !isRefused
  }

  /** Nobody waits any more: attempts that were not handed over yet need not be sent. */
  abandon(): void {
    this.abandoned = true
    if (this.#retries !== undefined) for (const retry of this.#retries) retry.abandoned = true
  }

  /** How many records it has: an attempt that went elsewhere has more than one. */
  get #count(): number {
    return 1 + (this.#retries?.length ?? 0)
  }

  #attempt(index: number): Attempt {
    return index === 0 ? this : this.#retries![index - 1]!
  }
}

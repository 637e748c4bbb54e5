/**
 * A reply on its way: one publication, whose fate decides over the offset of its request.
 */
import { Publication } from "../../publisher/Publication.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { RecordHeader } from "../../wire/RecordHeaders.ts"
import * as ReplyEnvelope from "../../wire/ReplyEnvelope.ts"
import type { Answer } from "./answer.ts"
import type { Addressee, TakenRecord } from "./takenRecord.ts"

/** Which instance answers, and the partition of `<name>.control` that it reads. */
export interface Origin {
  readonly from: string
  readonly ctl: number
}

export interface ReplyObserver {
  readonly onReplied: (reply: ReplyPublication) => void
  readonly onReplyRefused: (reply: ReplyPublication, error: TransportError) => void
}

export class ReplyPublication extends Publication {
  readonly taken: TakenRecord
  readonly addressee: Addressee
  readonly answer: Answer
  readonly #observer: ReplyObserver

  constructor(fields: {
    readonly taken: TakenRecord
    readonly addressee: Addressee
    readonly answer: Answer
    readonly replyHeaders: ReadonlyArray<RecordHeader>
    /** The wall clock, epoch milliseconds. */
    readonly at: number
    readonly origin: Origin
    readonly observer: ReplyObserver
  }) {
    const { addressee, answer, at, origin, replyHeaders, taken } = fields
    const headers = ReplyEnvelope.encode({
      outcome: answer.outcome,
      correlationId: addressee.correlationId,
      status: answer.status,
      attempt: addressee.attempt,
      at,
      retryAfter: answer.retryAfter,
      from: origin.from,
      ctl: origin.ctl,
      traceparent: addressee.traceparent,
      replyHeaders
    })
    const { partition, topic } = addressee.replyTo
    // A requester that names no partition reads all of them: any will do.
    super({ topic, partition: partition ?? 0, key: null, value: answer.body, headers }, taken.replyBy)
    this.taken = taken
    this.addressee = addressee
    this.answer = answer
    this.#observer = fields.observer
  }

  override onAcknowledged(): void {
    this.#observer.onReplied(this)
  }

  override onRefused(error: TransportError): void {
    this.#observer.onReplyRefused(this, error)
  }
}

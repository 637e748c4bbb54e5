/**
 * Records on their way out that a taken record waits for: replies and dead letters. Their fate is an event of the loop.
 */
import type { OutgoingRecord } from "../../kafka/KafkaRecord.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import { Publication } from "../../publisher/Publication.ts"
import * as ReplyEnvelope from "../../wire/ReplyEnvelope.ts"
import type { RecordHeader } from "../../wire/RecordHeaders.ts"
import type { Reply } from "./commands.ts"
import { ownHeaders, ownRecord } from "./memory.ts"
import type { TakenRecord } from "./state.ts"

/** Which instance answers, and the partition of `<name>.control` that it reads. */
export interface Origin {
  readonly from: string
  readonly ctl: number
}

/** Takes in what became of publications; nothing is done about it inside the call. */
export interface Fates {
  readonly written: (publication: Outgoing) => void
  readonly refused: (publication: Outgoing, error: TransportError) => void
}

export abstract class Outgoing extends Publication {
  readonly taken: TakenRecord
  readonly #fates: Fates

  constructor(record: OutgoingRecord, taken: TakenRecord, deadline: number, fates: Fates) {
    super(record, deadline)
    this.taken = taken
    this.#fates = fates
  }

  override onAcknowledged(): void {
    this.#fates.written(this)
  }

  override onRefused(error: TransportError): void {
    this.#fates.refused(this, error)
  }
}

export class ReplyPublication extends Outgoing {
  readonly answer: Reply

  /** `at` is the wall clock, epoch milliseconds. */
  constructor(taken: TakenRecord, reply: Reply, at: number, needsKey: boolean, origin: Origin, fates: Fates) {
    const { addressee, answer, headers: replyHeaders } = reply
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
    const record = {
      topic,
      partition: partition ?? 0,
      key: needsKey ? addressee.correlationId : null,
      value: answer.body,
      headers
    }
    super(record, taken, taken.replyBy, fates)
    this.answer = reply
  }

  override onAcknowledged(): void {
    this.#over()
    super.onAcknowledged()
  }

  override onRefused(error: TransportError): void {
    this.#over()
    super.onRefused(error)
  }

  /** Its fate is told once: it is not on its way any more, so that nobody gives it up for the room it takes. */
  #over(): void {
    if (this.taken.reply === this) this.taken.reply = undefined
  }
}

const text = (name: string, value: string): RecordHeader => [name, Buffer.from(value, "utf8")]

/**
 * The record unchanged, with four headers more: `rr-dead-reason`, `-topic`, `-partition` and `-offset`. With them it may
 * outgrow what the topic takes.
 */
export class DeadLetter extends Outgoing {
  constructor(topic: string, taken: TakenRecord, reason: string, deadline: number, fates: Fates) {
    // It may take its time, and must not keep the fetch that brought the record for it.
    const record = ownRecord(taken.record)
    const headers = [
      ...ownHeaders(taken.record.headers),
      text("rr-dead-reason", reason),
      text("rr-dead-topic", record.topic),
      text("rr-dead-partition", String(record.partition)),
      text("rr-dead-offset", String(record.offset))
    ]
    super({ topic, partition: 0, key: record.key, value: record.value, headers }, taken, deadline, fates)
  }
}

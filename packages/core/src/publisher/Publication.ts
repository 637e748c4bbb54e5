/**
 * A record on its way to the broker together with what is known of its fate.
 *
 * Subclasses are the publisher's queue items themselves (a pending call, a reply), so that publishing allocates
 * nothing beside them.
 */
import type { RecordHeaders } from "../wire/RecordHeaders.ts"
import type { OutgoingRecord } from "../kafka/KafkaRecord.ts"
import type { TransportError } from "../kafka/TransportError.ts"

/**
 * `queued`: certainly not written (never handed to the driver, or every hand-over ended in a definitive refusal) ·
 * `handed-over`: may or may not be written · `acknowledged`: written.
 */
export type Delivery = "queued" | "handed-over" | "acknowledged"

export abstract class Publication implements OutgoingRecord {
  readonly topic: string
  readonly partition: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: RecordHeaders
  /** Monotonic milliseconds; past it the publisher neither sends nor resends. */
  readonly deadline: number
  delivery: Delivery = "queued"
  /** Publisher's: a hand-over ended without a word on what became of the record, so it may have been written. */
  isUnclear = false
  /** Publisher's: why the last try failed. A record whose time is up is refused for this reason, if there is one. */
  lastError: TransportError | undefined
  /** Publisher's: the largest batch this record may travel in, lowered to find out which record a broker refuses. */
  batchLimit = Number.POSITIVE_INFINITY
  /** False: refused at once when the partition is known to be out of reach, or its leader, instead of waiting for it. */
  readonly waits: boolean
  /** Set by the owner when nobody wants the record any more: it is skipped if it has not been handed over. */
  abandoned = false

  constructor(record: OutgoingRecord, deadline: number, waits = true) {
    this.topic = record.topic
    this.partition = record.partition
    this.key = record.key
    this.value = record.value
    this.headers = record.headers
    this.deadline = deadline
    this.waits = waits
  }

  /** The broker has acknowledged the record. Called at most once, and never together with `onRefused`. */
  abstract onAcknowledged(): void

  /**
   * The record will not be tried again: refused for good, past its deadline or the publisher closed. `delivery` tells
   * whether it may have been written all the same.
   */
  abstract onRefused(error: TransportError): void
}

/**
 * A record that was taken from Kafka and is not done, and what is needed to answer it.
 */
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import type { Publication } from "../../publisher/Publication.ts"
import type { ReplyAddress } from "../../wire/ReplyAddress.ts"
import type { OffsetLedger } from "./offsetLedger.ts"

/** Who is to be answered. */
export interface Addressee {
  readonly correlationId: Uint8Array
  readonly replyTo: ReplyAddress
  readonly attempt: number | undefined
  readonly traceparent: string | undefined
}

export class TakenRecord {
  readonly record: ConsumedRecord
  /** When nobody can be waiting for its reply any more, monotonic milliseconds. */
  readonly replyBy: number
  /** The epoch of its partition's ledger when it was taken. */
  readonly epoch: number
  /** The offset after it; further away when it stands for a batch that cannot be read. */
  readonly end: number
  /** What must still happen before its offset is done: its reply; for a discarded call also the end of its handler. */
  parts = 1
  isClosed = false
  /** Of its payload, and of its answers so far. */
  bytes: number
  /** Its answer on the way, and since when; the last one when there were several. */
  reply: Publication | undefined
  repliedAt = Number.POSITIVE_INFINITY

  constructor(record: ConsumedRecord, ledger: OffsetLedger, replyBy: number, end: number = record.offset + 1) {
    this.record = record
    this.end = end
    this.bytes = record.value?.byteLength ?? 0
    this.epoch = ledger.epoch
    this.replyBy = replyBy
  }
}

/** Bytes as a map key. */
export const textKey = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")

/**
 * A record that is to be written, with its write state.
 *
 * Subclasses are the publisher's queue items themselves (a pending call, a reply), so that publishing allocates
 * nothing beside them.
 */
import { toLatin1 } from "../wire/Bytes.ts"
import type { RecordHeaders } from "../wire/RecordHeaders.ts"
import type { OutgoingRecord } from "../kafka/KafkaRecord.ts"
import type { TransportError } from "../kafka/TransportError.ts"
import * as WriteState from "./WriteState.ts"

/** What is known of a record: certainly not written · perhaps written · acknowledged. */
export type Delivery = "not-sent" | "unknown" | "acknowledged"

export abstract class Publication implements OutgoingRecord {
  readonly topic: string
  readonly partition: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** The owner may replace them by others that are no larger as long as `delivery` is `not-sent`. */
  headers: RecordHeaders
  /** Monotonic milliseconds; past it the publisher neither sends nor resends. */
  readonly deadline: number
  /** False: refused at once when the partition is known to be out of reach, or its leader, instead of waiting for it. */
  readonly waits: boolean
  /** Set by the owner when the record is no longer needed: it is skipped unless it has been sent already. */
  abandoned = false
  /** Publisher's. */
  state: WriteState.WriteState = WriteState.queued
  /** Publisher's: records with the same order key stay in order inside a partition; undefined without a key. */
  readonly orderKey: string | undefined
  /** Publisher's: the record's size on the wire, headers included; an upper bound. */
  readonly encodedSize: number
  /** Publisher's: when it was offered, monotonic milliseconds. */
  offeredAt = 0
  /** Publisher's: the largest batch it may be part of; halved to find the record that a broker refuses. */
  companyLimit = Number.POSITIVE_INFINITY

  constructor(record: OutgoingRecord, deadline: number, waits = true) {
    const { headers, key, partition, topic, value } = record
    this.topic = topic
    this.partition = partition
    this.key = key
    this.value = value
    this.headers = headers
    this.deadline = deadline
    this.waits = waits
    this.orderKey = key === null ? undefined : toLatin1(key)
    let size = recordOverhead + (key?.byteLength ?? 0) + (value?.byteLength ?? 0)
    for (const [name, header] of headers) size += name.length + header.byteLength + headerOverhead
    this.encodedSize = size
  }

  get delivery(): Delivery {
    switch (this.state._tag) {
      case "Queued":
      case "NotWritten":
        return "not-sent"
      case "InFlight":
      case "Unknown":
        return "unknown"
      case "Written":
        return "acknowledged"
    }
  }

  /** One try ended without an answer: the record may have been written then, whatever a later try said. */
  get isUnclear(): boolean {
    return this.state._tag === "Unknown" || (this.state._tag === "Written" && !this.state.isOnce)
  }

  /** The error of the last failed try. */
  get lastError(): TransportError | undefined {
    return WriteState.errorOf(this.state)
  }

  /** The broker has acknowledged the record. Called at most once, and never together with `onRefused`. */
  abstract onAcknowledged(): void

  /**
   * The record will not be tried again: refused for good, past its deadline or the publisher closed. `delivery` tells
   * whether it may have been written all the same.
   */
  abstract onRefused(error: TransportError): void
}

// Lengths, attributes and deltas: bounds from above, so that a batch is never larger than it was taken for.
const recordOverhead = 32
const headerOverhead = 4

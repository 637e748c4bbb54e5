/**
 * Records as Kafka sees them: bytes with an address. No schema and no meaning here.
 */
import type { RecordHeaders } from "../wire/RecordHeaders.ts"

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A record to be written. The partition is always chosen by us, never by a driver. */
export interface OutgoingRecord extends TopicPartition {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: RecordHeaders
}

/**
 * A record that was read.
 *
 * `offset` is a number: Kafka's int64 offsets stay exact up to 2^53. `timestamp` is epoch milliseconds (the broker's
 * clock on topics with `message.timestamp.type=LogAppendTime`). The byte arrays may be views of a larger fetch
 * response: copy what is kept beyond the callback that received the record.
 */
export interface ConsumedRecord extends OutgoingRecord {
  readonly offset: number
  readonly timestamp: number
}

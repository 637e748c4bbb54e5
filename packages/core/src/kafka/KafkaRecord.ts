/**
 * Records as Kafka sees them: bytes with an address. No schema and no meaning here.
 */
import type { RecordHeaders } from "../wire/RecordHeaders.ts"

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** Names a partition in a map: no two partitions have one key. */
export const partitionKey = ({ partition, topic }: TopicPartition): string => `${topic}-${partition}`

/** A record to be written. The partition is always chosen by us, never by a driver. */
export interface OutgoingRecord extends TopicPartition {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: RecordHeaders
}

/** What tells two records at one offset apart, as far as the driver knows it. */
export interface LogFacts {
  /** The id of the topic, the same text each time: a topic that is deleted and made anew has another one. */
  readonly topicId?: string | undefined
  /**
   * The leader epoch the record was written in. It never falls from one offset to the next, and one that is written where
   * others were lost with their leader has a greater one than these.
   */
  readonly leaderEpoch?: number | undefined
}

/**
 * A record that was read.
 *
 * `offset` is a number: Kafka's int64 offsets stay exact up to 2^53. `timestamp` is epoch milliseconds (the broker's
 * clock on topics with `message.timestamp.type=LogAppendTime`). The byte arrays may be views of a larger fetch
 * response: copy what is kept beyond the callback that received the record.
 */
export interface ConsumedRecord extends OutgoingRecord, LogFacts {
  readonly offset: number
  readonly timestamp: number
  /** Whether `timestamp` is of the broker's clock, at the moment of the append; else it is of whoever made the record. */
  readonly isAppendTime?: boolean | undefined
}

/**
 * A batch that was read and cannot be decoded: damaged, or in a form that is not known here. It stands in for its records,
 * in their place among the others, so that whoever reads decides what becomes of them.
 */
export interface UndecodableBatch extends TopicPartition, LogFacts {
  /** The first offset of it that was asked for. */
  readonly firstOffset: number
  readonly lastOffset: number
  /** The newest of its records, as its header says; epoch milliseconds. */
  readonly timestamp: number
  readonly reason: string
  /** The batch as the broker sent it; a view, like the bytes of a record. */
  readonly bytes: Uint8Array
}

/**
 * A batch that cannot be read as one record, which has its bytes for a value: what is kept of it as a dead letter.
 */
import type { ConsumedRecord, UndecodableBatch } from "../../kafka/KafkaRecord.ts"

export const standInOf = (batch: UndecodableBatch): ConsumedRecord => {
  const { bytes, firstOffset, leaderEpoch, partition, timestamp, topic, topicId } = batch
  return {
    topic,
    partition,
    offset: firstOffset,
    timestamp,
    key: null,
    value: bytes,
    headers: [],
    topicId,
    leaderEpoch
  }
}

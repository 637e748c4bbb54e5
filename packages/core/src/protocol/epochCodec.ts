/**
 * The body of OffsetForLeaderEpoch, version 3 (Kafka 2.3): where the records of a leader epoch end in the log of now.
 *
 * A position is good as long as it is not behind the end of the epoch of the last record before it; otherwise the log was
 * cut off there, whatever has been written since.
 */
import type { TopicPartition } from "../kafka/KafkaRecord.ts"
import { ByteReader } from "./byteReader.ts"
import { ByteWriter } from "./byteWriter.ts"

export interface EpochQuestion extends TopicPartition {
  /** Of the leader that is asked, as the metadata tells: another one refuses to answer. */
  readonly leaderEpoch: number
  /** The epoch whose end is asked for. */
  readonly epoch: number
}

export interface EpochEnd extends TopicPartition {
  readonly errorCode: number
  /** The epoch asked for, or the last one before it that the log has; -1 when the log knows of neither. */
  readonly epoch: number
  /** The offset after its last record, -1 when there is none. */
  readonly endOffset: number
}

export interface EpochAnswer {
  /** KIP-219; kafkajs reads it under this name. */
  readonly clientSideThrottleTime: number
  readonly partitions: ReadonlyArray<EpochEnd>
}

export const epochVersion = 3

const consumer = -1

export const encodeEpochs = (questions: ReadonlyArray<EpochQuestion>): Buffer => {
  const size = questions.reduce((sum, { topic }) => sum + Buffer.byteLength(topic) + 18, 0)
  const out = new ByteWriter(size + 8)
  out.int32(consumer)
  const topics = Map.groupBy(questions, ({ topic }) => topic)
  out.int32(topics.size)
  for (const [topic, all] of topics) {
    out.text(topic)
    out.int32(all.length)
    for (const { epoch, leaderEpoch, partition } of all) {
      out.int32(partition)
      out.int32(leaderEpoch)
      out.int32(epoch)
    }
  }
  return out.written
}

/** Reads an answer, from behind its correlation id. */
export const decodeEpochs = (bytes: Buffer): EpochAnswer => {
  const reader = new ByteReader(bytes)
  const clientSideThrottleTime = reader.int32()
  const partitions: Array<EpochEnd> = []
  for (let topics = reader.int32(); topics > 0; topics--) {
    const topic = reader.text()
    for (let left = reader.int32(); left > 0; left--) {
      const errorCode = reader.int16()
      const partition = reader.int32()
      partitions.push({ topic, partition, errorCode, epoch: reader.int32(), endOffset: reader.int64() })
    }
  }
  return { clientSideThrottleTime, partitions }
}

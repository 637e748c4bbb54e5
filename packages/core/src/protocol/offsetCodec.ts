/**
 * The bodies of OffsetCommit and OffsetFetch with the leader epoch of what was committed (KIP-320): version 6 and version 5,
 * which Kafka has since 2.1.
 *
 * An offset names a place in a log, and the epoch of the record before it says which log: after an election that lost
 * records the same offset may belong to others.
 */
import type { TopicPartition } from "../kafka/KafkaRecord.ts"
import { ByteReader } from "./byteReader.ts"
import { ByteWriter } from "./byteWriter.ts"

export interface CommittedOffset extends TopicPartition {
  /** The next offset to process; -1 when none was committed. */
  readonly offset: number
  /** The leader epoch of the record before the offset, -1 when it is not known. */
  readonly leaderEpoch: number
  readonly metadata: string
}

export interface CommitRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly offsets: ReadonlyArray<CommittedOffset>
}

interface Answer {
  /** KIP-219; kafkajs reads it under this name. */
  readonly clientSideThrottleTime: number
}

export interface CommitAnswer extends Answer {
  readonly partitions: ReadonlyArray<TopicPartition & { readonly errorCode: number }>
}

export interface CommittedAnswer extends Answer {
  /** Of the group: then the partitions are missing. */
  readonly errorCode: number
  readonly partitions: ReadonlyArray<CommittedOffset & { readonly errorCode: number }>
}

export const commitVersion = 6
export const committedVersion = 5

const sizeOf = (text: string): number => 2 + Buffer.byteLength(text)

/** Writes partitions in the order of their topics, each by `partition`. */
const writeTopics = <A extends TopicPartition>(
  out: ByteWriter,
  partitions: ReadonlyArray<A>,
  partition: (one: A) => void
): void => {
  const topics = Map.groupBy(partitions, ({ topic }) => topic)
  out.int32(topics.size)
  for (const [topic, all] of topics) {
    out.text(topic)
    out.int32(all.length)
    for (const one of all) partition(one)
  }
}

const readTopics = <A>(reader: ByteReader, partition: (topic: string) => A): ReadonlyArray<A> => {
  const all: Array<A> = []
  for (let topics = reader.int32(); topics > 0; topics--) {
    const topic = reader.text()
    for (let left = reader.int32(); left > 0; left--) all.push(partition(topic))
  }
  return all
}

export const encodeCommit = ({ generationId, groupId, memberId, offsets }: CommitRequest): Buffer => {
  const size = offsets.reduce((sum, { metadata, topic }) => sum + sizeOf(topic) + sizeOf(metadata) + 32, 0)
  const out = new ByteWriter(size + sizeOf(groupId) + sizeOf(memberId) + 16)
  out.text(groupId)
  out.int32(generationId)
  out.text(memberId)
  writeTopics(out, offsets, ({ leaderEpoch, metadata, offset, partition }) => {
    out.int32(partition)
    out.int64(offset)
    out.int32(leaderEpoch)
    out.text(metadata)
  })
  return out.written
}

/** Reads an answer, from behind its correlation id. */
export const decodeCommit = (bytes: Buffer): CommitAnswer => {
  const reader = new ByteReader(bytes)
  const clientSideThrottleTime = reader.int32()
  const partitions = readTopics(reader, (topic) => ({ topic, partition: reader.int32(), errorCode: reader.int16() }))
  return { clientSideThrottleTime, partitions }
}

/** Asks what a group committed for these partitions. */
export const encodeCommitted = (groupId: string, partitions: ReadonlyArray<TopicPartition>): Buffer => {
  const size = partitions.reduce((sum, { topic }) => sum + sizeOf(topic) + 12, 0)
  const out = new ByteWriter(size + sizeOf(groupId) + 8)
  out.text(groupId)
  writeTopics(out, partitions, ({ partition }) => out.int32(partition))
  return out.written
}

/** Reads an answer, from behind its correlation id. */
export const decodeCommitted = (bytes: Buffer): CommittedAnswer => {
  const reader = new ByteReader(bytes)
  const clientSideThrottleTime = reader.int32()
  const partitions = readTopics(reader, (topic) => ({
    topic,
    partition: reader.int32(),
    offset: reader.int64(),
    leaderEpoch: reader.int32(),
    metadata: reader.text(),
    errorCode: reader.int16()
  }))
  return { clientSideThrottleTime, partitions, errorCode: reader.int16() }
}

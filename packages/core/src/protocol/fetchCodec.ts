/**
 * The bodies of Fetch, with every partition's error code kept beside the records of the others.
 *
 * Version 13 names topics by their ids (KIP-516): a topic made anew is never mistaken for the one of before. Version 11
 * is for brokers before Kafka 3.1, and for topics whose id is not known. Sessions (KIP-227) are not used.
 */
import { ByteReader } from "./byteReader.ts"
import { ByteWriter } from "./byteWriter.ts"

export interface FetchedFrom {
  readonly topic: string
  /** Undefined when it is not known: then version 11 is spoken. */
  readonly topicId: string | undefined
  readonly partition: number
  /** The next offset wanted. */
  readonly position: number
  /** Of the leader that is asked, as the metadata tells; -1 when unknown. */
  readonly leaderEpoch: number
}

export interface FetchOptions {
  readonly maxWaitMillis: number
  readonly maxBytes: number
  readonly maxBytesPerPartition: number
}

export interface PartitionAnswer {
  /** Empty in version 13. */
  readonly topic: string
  /** Undefined in version 11. */
  readonly topicId: string | undefined
  readonly partition: number
  readonly errorCode: number
  readonly records: Buffer
}

export interface FetchAnswer {
  /** KIP-219: how long the broker wants this client to be quiet; kafkajs reads it under this name. */
  readonly clientSideThrottleTime: number
  /** Of the answer as a whole. */
  readonly errorCode: number
  readonly partitions: ReadonlyArray<PartitionAnswer>
}

const namesVersion = 11
const idsVersion = 13

/** The version to speak to a broker that knows up to `newest`; undefined before Kafka 2.3. */
export const fetchVersion = (newest: number, hasIds: boolean): number | undefined => {
  if (newest >= idsVersion && hasIds) return idsVersion
  return newest >= namesVersion ? namesVersion : undefined
}

const consumer = -1
const minBytes = 1
// Records of aborted transactions are read too: nobody is meant to write transactionally to these topics, and a
// transaction that hangs must not hold back replies.
const readUncommitted = 0
const noEpoch = -1
const noOffset = -1
const noBytes = Buffer.alloc(0)

const group = (partitions: ReadonlyArray<FetchedFrom>): ReadonlyArray<ReadonlyArray<FetchedFrom>> => [
  ...Map.groupBy(partitions, ({ topic }) => topic).values()
]

/** The flexible version begins with the empty tags of its header. */
export const encodeFetch = (
  partitions: ReadonlyArray<FetchedFrom>,
  { maxBytes, maxBytesPerPartition, maxWaitMillis }: FetchOptions,
  version: number
): Buffer => {
  const size = partitions.reduce((sum, { topic }) => sum + Buffer.byteLength(topic) + 64, 64)
  const out = new ByteWriter(size)
  const isFlexible = version >= idsVersion
  const length = (count: number) => (isFlexible ? out.compactLength(count) : out.int32(count))
  const tags = () => isFlexible && out.noTags()
  tags()
  out.int32(consumer)
  out.int32(maxWaitMillis)
  out.int32(minBytes)
  out.int32(maxBytes)
  out.int8(readUncommitted)
  // No session: id 0, epoch -1.
  out.int32(0)
  out.int32(-1)
  const topics = group(partitions)
  length(topics.length)
  for (const all of topics) {
    const { topic, topicId } = all[0]!
    if (isFlexible) out.uuid(topicId ?? "")
    else out.text(topic)
    length(all.length)
    for (const { leaderEpoch, partition, position } of all) {
      out.int32(partition)
      out.int32(leaderEpoch)
      out.int64(position)
      if (isFlexible) out.int32(noEpoch)
      out.int64(noOffset)
      out.int32(maxBytesPerPartition)
      tags()
    }
    tags()
  }
  // Partitions of a session to forget, and the rack.
  length(0)
  if (isFlexible) out.compactText("")
  else out.text("")
  tags()
  return out.written
}

const readPartition = (
  reader: ByteReader,
  topic: Pick<PartitionAnswer, "topic" | "topicId">,
  isFlexible: boolean
): PartitionAnswer => {
  const partition = reader.int32()
  const errorCode = reader.int16()
  // highWatermark, lastStableOffset, logStartOffset
  reader.offset += 24
  // producerId and firstOffset of each aborted transaction; then the preferred read replica
  for (let left = isFlexible ? reader.compactLength() : reader.int32(); left > 0; left--) {
    reader.offset += 16
    if (isFlexible) reader.skipTags()
  }
  reader.offset += 4
  const size = isFlexible ? reader.compactLength() : reader.int32()
  const records = size > 0 ? reader.bytes(size) : noBytes
  if (isFlexible) reader.skipTags()
  return { ...topic, partition, errorCode, records }
}

/** Reads an answer, from behind its correlation id. */
export const decodeFetch = (bytes: Buffer, version: number): FetchAnswer => {
  const reader = new ByteReader(bytes)
  const isFlexible = version >= idsVersion
  const length = () => (isFlexible ? reader.compactLength() : reader.int32())
  if (isFlexible) reader.skipTags()
  const clientSideThrottleTime = reader.int32()
  const errorCode = reader.int16()
  // The session's id.
  reader.offset += 4
  const partitions: Array<PartitionAnswer> = []
  const topics = length()
  for (let i = 0; i < topics; i++) {
    const topic = isFlexible ? { topic: "", topicId: reader.uuid() } : { topic: reader.text(), topicId: undefined }
    const count = length()
    for (let j = 0; j < count; j++) partitions.push(readPartition(reader, topic, isFlexible))
    if (isFlexible) reader.skipTags()
  }
  return { clientSideThrottleTime, errorCode, partitions }
}

/**
 * The body of Metadata: which brokers there are, and who leads the partitions of some topics.
 *
 * Versions 10 to 12 tell topics apart by their ids (KIP-516), so that one made anew under an old name is recognised;
 * 8 is what brokers before Kafka 2.8 have, and has none. Both tell the epoch of each leader, by which an answer that is
 * older than what is known can be recognised.
 */
import { ByteReader } from "./byteReader.ts"
import { ByteWriter } from "./byteWriter.ts"

export interface BrokerAddress {
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

export interface PartitionMetadata {
  readonly partition: number
  /** The leader's node id, -1 while there is none. */
  readonly leader: number
  /** How often the leader has changed; -1 when the broker does not tell. */
  readonly leaderEpoch: number
  readonly replicas: number
}

export interface TopicMetadata {
  readonly errorCode: number
  readonly topic: string
  /** 32 hexadecimal digits; undefined when the broker does not tell. */
  readonly topicId: string | undefined
  readonly partitions: ReadonlyArray<PartitionMetadata>
}

export interface Metadata {
  /** KIP-219; kafkajs reads it under this name. */
  readonly clientSideThrottleTime: number
  readonly brokers: ReadonlyArray<BrokerAddress>
  readonly controllerId: number
  readonly topics: ReadonlyArray<TopicMetadata>
}

const oldVersion = 8
const flexibleVersion = 9
const idVersion = 10
const newestVersion = 12
const noId = "0".repeat(32)

/** The version to speak to a broker that knows up to `newest`; undefined before Kafka 2.3. */
export const metadataVersion = (newest: number): number | undefined => {
  if (newest >= idVersion) return Math.min(newest, newestVersion)
  return newest >= oldVersion ? oldVersion : undefined
}

/** Asks for exactly these topics, and creates none. The flexible versions begin with the empty tags of their header. */
export const encodeMetadata = (topics: ReadonlyArray<string>, version: number): Buffer => {
  const size = topics.reduce((sum, topic) => sum + Buffer.byteLength(topic) + 32, 32)
  const out = new ByteWriter(size)
  const isFlexible = version >= flexibleVersion
  if (isFlexible) {
    out.noTags()
    out.compactLength(topics.length)
  } else out.int32(topics.length)
  for (const topic of topics) {
    if (!isFlexible) {
      out.text(topic)
      continue
    }
    out.uuid(noId)
    out.compactText(topic)
    out.noTags()
  }
  // allow_auto_topic_creation, include_cluster_authorized_operations (until 10), include_topic_authorized_operations
  out.int8(0)
  if (version <= idVersion) out.int8(0)
  out.int8(0)
  if (isFlexible) out.noTags()
  return out.written
}

/** What differs between the two encodings. */
interface Dialect {
  readonly length: () => number
  readonly text: () => string
  readonly tags: () => void
}

const readPartition = (reader: ByteReader, { length, tags }: Dialect): PartitionMetadata => {
  reader.offset += 2
  const partition = reader.int32()
  const leader = reader.int32()
  const leaderEpoch = reader.int32()
  const replicas = length()
  reader.bytes(4 * replicas)
  // in-sync and offline replicas
  reader.bytes(4 * length())
  reader.bytes(4 * length())
  tags()
  return { partition, leader, leaderEpoch, replicas }
}

const readTopic = (reader: ByteReader, version: number, dialect: Dialect): TopicMetadata => {
  const { length, tags, text } = dialect
  const errorCode = reader.int16()
  const topic = text()
  const id = version >= idVersion ? reader.uuid() : noId
  reader.int8()
  const partitions = Array.from({ length: length() }, () => readPartition(reader, dialect))
  reader.offset += 4
  tags()
  return { errorCode, topic, topicId: id === noId ? undefined : id, partitions }
}

/** Reads an answer, from behind its correlation id. */
export const decodeMetadata = (bytes: Buffer, version: number): Metadata => {
  const reader = new ByteReader(bytes)
  const isFlexible = version >= flexibleVersion
  const dialect: Dialect = isFlexible
    ? {
        length: () => reader.compactLength(),
        text: () => reader.compactText(),
        tags: () => reader.skipTags()
      }
    : { length: () => Math.max(0, reader.int32()), text: () => reader.text(), tags: () => undefined }
  const { length, tags, text } = dialect
  tags()
  const clientSideThrottleTime = reader.int32()
  const brokers = Array.from({ length: length() }, () => {
    const broker = { nodeId: reader.int32(), host: text(), port: reader.int32() }
    // rack
    text()
    tags()
    return broker
  })
  // cluster id
  text()
  const controllerId = reader.int32()
  const topics = Array.from({ length: length() }, () => readTopic(reader, version, dialect))
  return { clientSideThrottleTime, brokers, controllerId, topics }
}

/**
 * The body of a Produce request (versions 3 to 8) with record batches (format 2, KIP-98): measured first, then written
 * once; what is to be compressed is written once more before.
 *
 * kafkajs' encoder is not used: it takes headers as an object, which loses their order when names repeat, and allocates
 * half a kilobyte per record and header. A property test holds the bytes of both equal.
 */
import type { OutgoingRecord } from "../kafka/KafkaRecord.ts"
import { ByteWriter, varBytesSize, varIntSize } from "./byteWriter.ts"
import { codecOf, compress, type Compression } from "./compression.ts"
import { crc32c } from "./crc32c.ts"

export interface ProduceOptions {
  /** How long the broker may wait for its replicas. */
  readonly timeoutMillis: number
  /** Epoch milliseconds, of all records. */
  readonly timestamp: number
  /** Of the batches; those that do not get smaller are left as they are. Default `none`. */
  readonly compression?: Compression
}

interface PartitionBatch {
  readonly partition: number
  readonly records: Array<OutgoingRecord>
  /** The size of each record's body, without its own length. */
  readonly sizes: Array<number>
  /** Of the records with their lengths, as they are sent. */
  size: number
  /** The records compressed. */
  packed: Buffer | undefined
}

type TopicBatches = Map<string, Map<number, PartitionBatch>>

const allReplicas = -1
const noProducer = -1
const magic = 2
// baseOffset 8, length 4, leaderEpoch 4, magic 1, crc 4
const crcAt = 17
const bodyAt = 21
// attributes 2, lastOffsetDelta 4, timestamps 16, producer 8 + 2 + 4, count 4
const batchOverhead = bodyAt + 40
const lengthAt = 12

const bodySize = ({ headers, key, value }: OutgoingRecord, index: number): number => {
  // Attributes and the timestamp's delta (always 0) take a byte each.
  let size = 2 + varIntSize(index) + varBytesSize(key?.length ?? -1) + varBytesSize(value?.length ?? -1)
  size += varIntSize(headers.length)
  for (const [name, bytes] of headers) size += varBytesSize(Buffer.byteLength(name)) + varBytesSize(bytes.length)
  return size
}

/** Groups by topic and partition, keeping the order of the records of each. */
const group = (records: ReadonlyArray<OutgoingRecord>): TopicBatches => {
  const topics: TopicBatches = new Map()
  for (const record of records) {
    let partitions = topics.get(record.topic)
    if (partitions === undefined) topics.set(record.topic, (partitions = new Map()))
    let batch = partitions.get(record.partition)
    if (batch === undefined) {
      batch = { partition: record.partition, records: [], sizes: [], size: 0, packed: undefined }
      partitions.set(record.partition, batch)
    }
    const size = bodySize(record, batch.records.length)
    batch.records.push(record)
    batch.sizes.push(size)
    batch.size += varIntSize(size) + size
  }
  return topics
}

const requestSize = (topics: TopicBatches): number => {
  // transactional id 2, acks 2, timeout 4, topic count 4
  let size = 12
  for (const [topic, partitions] of topics) {
    size += 2 + Buffer.byteLength(topic) + 4
    for (const batch of partitions.values()) size += 8 + batchOverhead + batch.size
  }
  return size
}

const writeRecords = (out: ByteWriter, { records, sizes }: PartitionBatch): void => {
  for (const [index, { headers, key, value }] of records.entries()) {
    out.varInt(sizes[index]!)
    out.int8(0)
    out.varInt(0)
    out.varInt(index)
    out.varBytes(key)
    out.varBytes(value)
    out.varInt(headers.length)
    for (const [name, bytes] of headers) {
      out.varText(name, Buffer.byteLength(name))
      out.varBytes(bytes)
    }
  }
}

const pack = (batch: PartitionBatch, compression: Compression): void => {
  const plain = new ByteWriter(batch.size)
  writeRecords(plain, batch)
  const packed = compress(compression, plain.buffer)
  if (packed.length >= batch.size) return
  batch.packed = packed
  batch.size = packed.length
}

const writeBatch = (out: ByteWriter, batch: PartitionBatch, timestamp: number, codec: number): void => {
  const { packed, records, size } = batch
  const start = out.offset
  out.int64(0)
  out.int32(batchOverhead + size - lengthAt)
  out.int32(0)
  out.int8(magic)
  out.int32(0)
  out.int16(packed === undefined ? 0 : codec)
  out.int32(records.length - 1)
  out.int64(timestamp)
  out.int64(timestamp)
  out.int64(noProducer)
  out.int16(0)
  out.int32(0)
  out.int32(records.length)
  if (packed === undefined) writeRecords(out, batch)
  else out.bytes(packed)
  out.uint32At(start + crcAt, crc32c(out.buffer, start + bodyAt, out.offset))
}

/** The request's body, without the request header. */
export const encodeProduce = (
  records: ReadonlyArray<OutgoingRecord>,
  { compression = "none", timeoutMillis, timestamp }: ProduceOptions
): Buffer => {
  const topics = group(records)
  if (compression !== "none") {
    for (const partitions of topics.values()) for (const batch of partitions.values()) pack(batch, compression)
  }
  const out = new ByteWriter(requestSize(topics))
  out.text(null)
  out.int16(allReplicas)
  out.int32(timeoutMillis)
  out.int32(topics.size)
  for (const [topic, partitions] of topics) {
    out.text(topic)
    out.int32(partitions.size)
    for (const batch of partitions.values()) {
      out.int32(batch.partition)
      out.int32(batchOverhead + batch.size)
      writeBatch(out, batch, timestamp, codecOf[compression])
    }
  }
  return out.buffer
}

/**
 * The body of a Produce request (versions 3 to 8) with record batches (format 2, KIP-98): measured first, then written
 * once; what is to be compressed is written once more before.
 *
 * kafkajs' encoder is not used: it takes headers as an object, which loses their order when names repeat, and allocates
 * half a kilobyte per record and header. A property test holds the bytes of both equal.
 */
import type { OutgoingRecord } from "../kafka/KafkaRecord.ts"
import type { PartitionBatch } from "../kafka/ProducerLink.ts"
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

interface Measured {
  readonly batch: PartitionBatch
  /** The size of each record's body, without its own length. */
  readonly sizes: ReadonlyArray<number>
  /** Of the records with their lengths, as they are sent. */
  readonly size: number
  /** The records, when they are compressed. */
  readonly body: Buffer | undefined
}

type ByTopic = ReadonlyMap<string, ReadonlyArray<Measured>>

const allReplicas = -1
const noProducer = -1
const magic = 2
// baseOffset 8, length 4, leaderEpoch 4, magic 1, crc 4
const crcAt = 17
const bodyAt = 21
// attributes 2, lastOffsetDelta 4, timestamps 16, producer 8 + 2 + 4, count 4
const batchOverhead = bodyAt + 40
const lengthAt = 12

// The UTF-8 bytes of header names: a few names come with every record. Bounded, since names may be foreign.
const nameBytes = new Map<string, Uint8Array>()
const maxNames = 256

const bytesOf = (name: string): Uint8Array => {
  let bytes = nameBytes.get(name)
  if (bytes === undefined) {
    bytes = Buffer.from(name, "utf8")
    if (nameBytes.size < maxNames) nameBytes.set(name, bytes)
  }
  return bytes
}

const bodySize = ({ headers, key, value }: OutgoingRecord, index: number): number => {
  // Attributes and the timestamp's delta (always 0) take a byte each.
  let size = 2 + varIntSize(index) + varBytesSize(key?.length ?? -1) + varBytesSize(value?.length ?? -1)
  size += varIntSize(headers.length)
  for (const [name, bytes] of headers) size += varBytesSize(bytesOf(name).length) + varBytesSize(bytes.length)
  return size
}

const measure = (batch: PartitionBatch): Measured => {
  let total = 0
  const sizes = batch.records.map((record, index) => {
    const size = bodySize(record, index)
    total += varIntSize(size) + size
    return size
  })
  return { batch, sizes, size: total, body: undefined }
}

const byTopic = (batches: ReadonlyArray<PartitionBatch>, compression: Compression): ByTopic => {
  const topics = new Map<string, Array<Measured>>()
  for (const batch of batches) {
    const measured = packed(measure(batch), compression)
    const known = topics.get(batch.topic)
    if (known === undefined) topics.set(batch.topic, [measured])
    else known.push(measured)
  }
  return topics
}

const requestSize = (topics: ByTopic): number => {
  // transactional id 2, acks 2, timeout 4, topic count 4
  let size = 12
  for (const [topic, partitions] of topics) {
    size += 2 + Buffer.byteLength(topic) + 4
    for (const measured of partitions) size += 8 + batchOverhead + measured.size
  }
  return size
}

const writeRecords = (out: ByteWriter, { batch: { records }, sizes }: Measured): void => {
  for (const [index, { headers, key, value }] of records.entries()) {
    out.varInt(sizes[index]!)
    out.int8(0)
    out.varInt(0)
    out.varInt(index)
    out.varBytes(key)
    out.varBytes(value)
    out.varInt(headers.length)
    for (const [name, bytes] of headers) {
      out.varBytes(bytesOf(name))
      out.varBytes(bytes)
    }
  }
}

/** The same batch compressed, unless that is no smaller. */
const packed = (measured: Measured, compression: Compression): Measured => {
  if (compression === "none") return measured
  const plain = new ByteWriter(measured.size)
  writeRecords(plain, measured)
  const body = compress(compression, plain.buffer)
  return body.length < measured.size ? { ...measured, body, size: body.length } : measured
}

const writeBatch = (out: ByteWriter, measured: Measured, timestamp: number, codec: number): void => {
  const {
    batch: { records },
    body,
    size
  } = measured
  const start = out.offset
  out.int64(0)
  out.int32(batchOverhead + size - lengthAt)
  out.int32(0)
  out.int8(magic)
  out.int32(0)
  out.int16(body === undefined ? 0 : codec)
  out.int32(records.length - 1)
  out.int64(timestamp)
  out.int64(timestamp)
  out.int64(noProducer)
  out.int16(0)
  out.int32(0)
  out.int32(records.length)
  if (body === undefined) writeRecords(out, measured)
  else out.bytes(body)
  out.uint32At(start + crcAt, crc32c(out.buffer, start + bodyAt, out.offset))
}

/** The request's body, without the request header. No two batches are of the same partition. */
export const encodeProduce = (
  batches: ReadonlyArray<PartitionBatch>,
  { compression = "none", timeoutMillis, timestamp }: ProduceOptions
): Buffer => {
  const topics = byTopic(batches, compression)
  const out = new ByteWriter(requestSize(topics))
  out.text(null)
  out.int16(allReplicas)
  out.int32(timeoutMillis)
  out.int32(topics.size)
  for (const [topic, partitions] of topics) {
    out.text(topic)
    out.int32(partitions.length)
    for (const measured of partitions) {
      out.int32(measured.batch.partition)
      out.int32(batchOverhead + measured.size)
      writeBatch(out, measured, timestamp, codecOf[compression])
    }
  }
  return out.buffer
}

/**
 * The records of one partition in a Fetch answer: record batches of format 2 (KIP-98), the only one of Kafka 4 (KIP-724).
 *
 * kafkajs' decoder is not used: it turns headers into an object, which loses their order when names repeat, and it loses
 * where an empty batch ends, so that a compacted log could not be read past it. The checksum is not verified, as in
 * kafkajs: TCP has one too, and the broker has checked this one.
 */
import type { ConsumedRecord, TopicPartition, UndecodableBatch } from "../kafka/KafkaRecord.ts"
import type { RecordHeader } from "../wire/RecordHeaders.ts"
import { ByteReader } from "./byteReader.ts"
import { decompress, ExpandsTooMuch } from "./compression.ts"

export interface RecordSet {
  readonly records: ReadonlyArray<ConsumedRecord>
  /** Where to go on: past the last batch that was looked at. */
  readonly next: number
  /** Batches that could not be decoded, in their order. */
  readonly unreadable: ReadonlyArray<UndecodableBatch>
  /**
   * Set when the position is in front of records that are no batches (before Kafka 0.11): not even where they end can be
   * told, so nothing behind them is ever read.
   */
  readonly oldFormat: number | undefined
}

const magicAt = 16
const lastDeltaAt = 23
const maxTimestampAt = 35
const magicOfBatches = 2
// baseOffset 8, length 4
const lengthEnd = 12
const batchOverhead = 61
const compressionMask = 0x7
const logAppendTime = 0x8
const controlBatch = 0x20
const noBytes = Buffer.alloc(0)
// Brokers limit what a batch has compressed only: expanded, some kilobytes could take all memory. No batch of a sane
// writer comes near this.
const maxPlainBytes = 64 * 2 ** 20
// Empty records compress to almost nothing, and each becomes an object.
const maxRecords = 1_000_000

/** What one answer has given so far, and what it has cost. */
interface Yield {
  readonly records: Array<ConsumedRecord>
  plainBytes: number
}

const expand = (compression: number, bytes: Buffer, found: Yield): Buffer => {
  try {
    const plain = decompress(compression, bytes, maxPlainBytes)
    found.plainBytes += plain.length
    return plain
  } catch (error) {
    if (error instanceof ExpandsTooMuch) found.plainBytes += maxPlainBytes
    throw error
  }
}

/** The partition, and the id of its topic when that was asked for by it. */
export interface Place extends TopicPartition {
  readonly topicId?: string | undefined
}

interface Batch extends Place {
  readonly firstOffset: number
  readonly leaderEpoch: number
  readonly firstTimestamp: number
  /** The broker's time of appending, which holds for all records. */
  readonly appended: number | undefined
}

const none: ReadonlyArray<RecordHeader> = []

/** `previous`: of the record before. Most headers are the same there, and what is the same is not made again. */
const readHeaders = (reader: ByteReader, previous: ReadonlyArray<RecordHeader>): ReadonlyArray<RecordHeader> => {
  const count = reader.varInt()
  if (count <= 0) return none
  const headers: Array<RecordHeader> = []
  for (let i = 0; i < count; i++) {
    const like = previous[i]
    const name = reader.varTextLike(like?.[0])
    const value = reader.varBytesLike(like?.[1]) ?? noBytes
    headers.push(like !== undefined && name === like[0] && value === like[1] ? like : [name, value])
  }
  return headers
}

const readRecord = (reader: ByteReader, batch: Batch, previous: ReadonlyArray<RecordHeader>): ConsumedRecord => {
  const end = reader.varInt() + reader.offset
  reader.int8()
  const timestamp = batch.firstTimestamp + reader.varLong()
  const offset = batch.firstOffset + reader.varInt()
  const key = reader.varBytes()
  const value = reader.varBytes()
  const headers = readHeaders(reader, previous)
  reader.offset = end
  const { appended, leaderEpoch, partition, topic, topicId } = batch
  const isAppendTime = appended !== undefined
  const stamp = appended ?? timestamp
  return { topic, partition, offset, timestamp: stamp, isAppendTime, key, value, headers, leaderEpoch, topicId }
}

/** Appends the batch's records from `position` on. Throws when they cannot be decoded. */
const readBatch = (reader: ByteReader, where: Place, firstOffset: number, position: number, found: Yield): void => {
  const leaderEpoch = reader.int32()
  // magic 1, crc 4
  reader.offset += 5
  const attributes = reader.int16()
  reader.offset += 4
  const firstTimestamp = reader.int64()
  const maxTimestamp = reader.int64()
  // producerId 8, producerEpoch 2, baseSequence 4
  reader.offset += 14
  const count = reader.int32()
  if ((attributes & controlBatch) !== 0) return
  if (count > maxRecords) throw new Error(`${count} records are more than ${maxRecords}`)
  const appended = (attributes & logAppendTime) === 0 ? undefined : maxTimestamp
  const compression = attributes & compressionMask
  const plain = compression === 0 ? reader : new ByteReader(expand(compression, reader.bytes(reader.remaining), found))
  const batch: Batch = { ...where, firstOffset, leaderEpoch, firstTimestamp, appended }
  let previous = none
  for (let i = 0; i < count; i++) {
    const record = readRecord(plain, batch, previous)
    previous = record.headers
    // A batch is sent whole, also the records before the position.
    if (record.offset >= position) found.records.push(record)
  }
}

/** What is legible of a batch that cannot be decoded: its head has one place in all formats, but for the time. */
const undecodable = (where: Place, bytes: Buffer, position: number, error: unknown): UndecodableBatch => {
  const reader = new ByteReader(bytes)
  const firstOffset = reader.int64()
  reader.offset = lengthEnd
  const leaderEpoch = reader.int32()
  reader.offset = lastDeltaAt
  const lastOffset = firstOffset + reader.int32()
  reader.offset = maxTimestampAt
  const timestamp = reader.int64()
  const reason = error instanceof Error ? error.message : String(error)
  return { ...where, firstOffset: Math.max(firstOffset, position), lastOffset, timestamp, leaderEpoch, reason, bytes }
}

/**
 * Decodes what a broker sent for a fetch from `position`. The last batch may be cut off, which is no error. What comes
 * after batches that expanded to a lot is left for the next fetch: an answer may hold hundreds of them.
 */
export const decodeRecordSet = (bytes: Buffer, place: Place, position: number): RecordSet => {
  const records: Array<ConsumedRecord> = []
  const unreadable: Array<UndecodableBatch> = []
  let oldFormat: number | undefined
  let next = position
  let at = 0
  const found: Yield = { records, plainBytes: 0 }
  while (at + lengthEnd < bytes.length && found.plainBytes < maxPlainBytes && records.length < maxRecords) {
    const header = new ByteReader(bytes, at)
    const firstOffset = header.int64()
    const end = at + lengthEnd + header.int32()
    const magic = bytes[at + magicAt]
    if (magic !== undefined && magic !== magicOfBatches) {
      // What was read before it is good.
      if (next === position) oldFormat = magic
      break
    }
    if (end > bytes.length || end - at < batchOverhead) break
    const lastOffset = firstOffset + bytes.readInt32BE(at + lastDeltaAt)
    const known = records.length
    try {
      // What lies before the position as a whole is not worth its expense.
      const reader = new ByteReader(bytes, at + lengthEnd, end)
      if (lastOffset >= position) readBatch(reader, place, firstOffset, position, found)
    } catch (error) {
      records.length = known
      if (lastOffset >= position) unreadable.push(undecodable(place, bytes.subarray(at, end), position, error))
    }
    next = Math.max(next, lastOffset + 1)
    at = end
  }
  return { records, next, unreadable, oldFormat }
}

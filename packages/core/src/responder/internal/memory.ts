/**
 * What things weigh, and one count of it all: records that are open, their replies on the way, answers that are kept.
 *
 * A record's bytes are views of a whole fetch, which stays in memory as long as any of them: what is kept beyond the
 * batch that brought it is copied, so that what is counted is what is held.
 */
import type { ConsumedRecord, OutgoingRecord } from "../../kafka/KafkaRecord.ts"
import type { RecordHeader, RecordHeaders } from "../../wire/RecordHeaders.ts"

// The objects that stand for a record beside its bytes: itself, its envelope, a request, a run and their map slots.
export const recordOverhead = 1_024

// What V8 takes for a header beside its characters and bytes: a pair, a string, a view.
const headerOverhead = 256

export const sizeOfHeaders = (headers: RecordHeaders): number => {
  let bytes = 0
  for (let i = 0; i < headers.length; i++) {
    const header = headers[i]!
    bytes += headerOverhead + header[0].length + header[1].byteLength
  }
  return bytes
}

/** What holding a record costs. */
export const sizeOfRecord = ({ headers, key, value }: OutgoingRecord): number =>
  recordOverhead + (key?.byteLength ?? 0) + (value?.byteLength ?? 0) + sizeOfHeaders(headers)

/** Bytes that keep nothing else alive. */
export const ownBytes = (bytes: Uint8Array): Uint8Array =>
  bytes.buffer.byteLength === bytes.byteLength ? bytes : new Uint8Array(bytes)

/** The same headers, with all their bytes in one buffer: a buffer for each would cost more than what most of them say. */
export const ownHeaders = (headers: RecordHeaders): RecordHeaders => {
  if (headers.length === 0) return headers
  let size = 0
  for (const [, value] of headers) size += value.byteLength
  const bytes = new Uint8Array(size)
  let end = 0
  return headers.map(([name, value]): RecordHeader => {
    bytes.set(value, end)
    return [name, bytes.subarray(end, (end += value.byteLength))]
  })
}

/** The record without the fetch that brought it, and without its headers, which its envelope has read. */
export const ownRecord = ({ key, offset, partition, timestamp, topic, value }: ConsumedRecord): ConsumedRecord => ({
  topic,
  partition,
  offset,
  timestamp,
  key: key === null ? null : ownBytes(key),
  value: value === null ? null : ownBytes(value),
  headers: []
})

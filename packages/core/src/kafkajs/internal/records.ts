/**
 * Records between the core's shape and kafkajs' messages.
 */
import type { ConsumedRecord, OutgoingRecord } from "../../transport/KafkaRecord.ts"
import type { RecordHeaders } from "../../wire/RecordHeaders.ts"

type KafkajsHeaders = Record<string, Buffer | null | Array<Buffer | null>>

/** A message as kafkajs' codec reads and writes it. */
export interface Message {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: KafkajsHeaders
}

export interface FetchedMessage extends Message {
  readonly offset: string
  readonly timestamp: string
  readonly isControlRecord?: boolean
}

const view = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export const toMessage = ({ headers, key, value }: OutgoingRecord): Message => {
  const fields: Record<string, Array<Buffer>> = {}
  for (const [name, bytes] of headers) (fields[name] ??= []).push(view(bytes))
  return { key: key && view(key), value: value && view(value), headers: fields }
}

const noBytes = Buffer.alloc(0)

const toHeaders = (headers: KafkajsHeaders): RecordHeaders =>
  Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((bytes) => [name, bytes ?? noBytes] as const)
  )

export const toRecord = (topic: string, partition: number, message: FetchedMessage): ConsumedRecord => ({
  topic,
  partition,
  offset: Number(message.offset),
  timestamp: Number(message.timestamp),
  key: message.key,
  value: message.value,
  headers: toHeaders(message.headers)
})

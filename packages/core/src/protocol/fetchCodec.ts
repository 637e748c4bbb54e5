/**
 * The body of a Fetch answer (version 11), with every partition's error code kept beside the records of the others.
 */
import { ByteReader } from "./byteReader.ts"

export interface FetchAnswer {
  /** KIP-219: how long the broker wants this client to be quiet; kafkajs reads it under this name. */
  readonly clientSideThrottleTime: number
  readonly partitions: ReadonlyArray<PartitionAnswer>
}

export interface PartitionAnswer {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly records: Buffer
}

/** The version written and read here, in every broker since Kafka 2.3. */
export const fetchVersion = 11

const noBytes = Buffer.alloc(0)

const readPartition = (reader: ByteReader, topic: string): PartitionAnswer => {
  const partition = reader.int32()
  const errorCode = reader.int16()
  // highWatermark, lastStableOffset, logStartOffset
  reader.offset += 24
  const abortedTransactions = Math.max(0, reader.int32())
  // producerId and firstOffset of each; then the preferred read replica
  reader.offset += abortedTransactions * 16 + 4
  const size = reader.int32()
  return { topic, partition, errorCode, records: size > 0 ? reader.bytes(size) : noBytes }
}

export const decodeFetch = (bytes: Buffer): FetchAnswer => {
  const reader = new ByteReader(bytes)
  const clientSideThrottleTime = reader.int32()
  // The answer's own error code and session: sessions are not used.
  reader.offset += 6
  const partitions: Array<PartitionAnswer> = []
  const topics = reader.int32()
  for (let i = 0; i < topics; i++) {
    const topic = reader.text()
    const count = reader.int32()
    for (let j = 0; j < count; j++) partitions.push(readPartition(reader, topic))
  }
  return { clientSideThrottleTime, partitions }
}

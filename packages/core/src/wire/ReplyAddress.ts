/**
 * Where a reply goes: a topic, and the partition of it that the requester reads.
 *
 * Spring leaves the partition out unless it was configured, the responder's partitioner then chooses. NestJS writes the
 * partition in decimal digits; both forms are read, and the int32 is what is written.
 */
import * as Result from "effect/Result"
import { isSame, toLatin1 } from "./Bytes.ts"
import * as Bounds from "./Bounds.ts"
import * as HeaderNames from "./HeaderNames.ts"
import type { RecordHeader } from "./RecordHeaders.ts"

export interface ReplyAddress {
  readonly topic: string
  readonly partition: number | undefined
}

const legalTopic = /^[a-zA-Z0-9._-]+$/

/** Whether Kafka allows a topic of this name (KafkaTopic naming: `Topic.validate` of the Java client). */
export const isLegalTopic = (topic: string): boolean =>
  topic.length <= Bounds.maxTopicLength && legalTopic.test(topic) && topic !== "." && topic !== ".."

/** The headers that name the address. Computed once per requester: addresses do not change between calls. */
export const encode = (address: ReplyAddress): ReadonlyArray<RecordHeader> => {
  const topic: RecordHeader = [HeaderNames.replyTopic, Buffer.from(address.topic, "latin1")]
  if (address.partition === undefined) return [topic]
  const partition = Buffer.alloc(4)
  partition.writeInt32BE(address.partition)
  return [topic, [HeaderNames.replyPartition, partition]]
}

// Four digits read as an int32 would be a partition beyond 808 million, so the two forms cannot be confused.
const partitionOf = (value: Uint8Array): number | undefined => {
  let decimal = 0
  let isDecimal = value.length > 0 && value.length <= 10
  for (let i = 0; isDecimal && i < value.length; i++) {
    const digit = value[i]! - 0x30
    isDecimal = digit >= 0 && digit <= 9
    decimal = decimal * 10 + digit
  }
  if (isDecimal) return decimal <= Bounds.maxInt32 ? decimal : undefined
  if (value.length !== 4 || value[0]! > 0x7f) return undefined
  return ((value[0]! << 24) | (value[1]! << 16) | (value[2]! << 8) | value[3]!) >>> 0
}

const none = new Uint8Array(0)

// A responder has few requesters, and reads the address of one of them again and again. The bytes are copies.
const last: { topic: Uint8Array; partition: Uint8Array; address: Result.Result<ReplyAddress, string> | undefined } = {
  topic: none,
  partition: none,
  address: undefined
}

/** The address that the values of the two headers name, or what is wrong with them. */
export const decode = (
  topicValue: Uint8Array,
  partitionValue: Uint8Array | undefined
): Result.Result<ReplyAddress, string> => {
  if (partitionValue === undefined) return addressOf(topicValue, undefined)
  const known = last.address
  if (known !== undefined && isSame(partitionValue, last.partition) && isSame(topicValue, last.topic)) return known
  const address = addressOf(topicValue, partitionValue)
  if (Result.isFailure(address)) return address
  last.topic = Uint8Array.from(topicValue)
  last.partition = Uint8Array.from(partitionValue)
  return (last.address = address)
}

const addressOf = (
  topicValue: Uint8Array,
  partitionValue: Uint8Array | undefined
): Result.Result<ReplyAddress, string> => {
  const topic = topicValue.length > Bounds.maxTopicLength ? "" : toLatin1(topicValue)
  if (!isLegalTopic(topic)) return Result.fail(`${HeaderNames.replyTopic} is not a legal topic name`)
  if (partitionValue === undefined) return Result.succeed({ topic, partition: undefined })
  const partition = partitionOf(partitionValue)
  return partition === undefined
    ? Result.fail(`${HeaderNames.replyPartition} is neither a big-endian int32 from 0 nor decimal digits`)
    : Result.succeed({ topic, partition })
}

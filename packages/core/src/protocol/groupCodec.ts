/**
 * The body of ConsumerGroupDescribe, version 0: groups of the consumer protocol of KIP-848, which DescribeGroups does not
 * show. Read as far as its number of members.
 */
import { ByteReader } from "./byteReader.ts"
import { ByteWriter } from "./byteWriter.ts"

export interface GroupSize {
  /** KIP-219; kafkajs reads it under this name. */
  readonly clientSideThrottleTime: number
  readonly errorCode: number
  readonly members: number
}

export const groupVersion = 0

/** Asks for one group. Begins with the empty tags of its header. */
export const encodeGroup = (groupId: string): Buffer => {
  const out = new ByteWriter(Buffer.byteLength(groupId) + 16)
  out.noTags()
  out.compactLength(1)
  out.compactText(groupId)
  // include_authorized_operations
  out.int8(0)
  out.noTags()
  return out.written
}

/** Reads an answer about one group, from behind its correlation id. */
export const decodeGroup = (bytes: Buffer): GroupSize => {
  const reader = new ByteReader(bytes)
  reader.skipTags()
  const clientSideThrottleTime = reader.int32()
  if (reader.compactLength() === 0) return { clientSideThrottleTime, errorCode: 0, members: 0 }
  const errorCode = reader.int16()
  // error_message, group_id, group_state
  for (let i = 0; i < 3; i++) reader.compactBytes()
  // group_epoch, assignment_epoch
  reader.bytes(8)
  // assignor_name
  reader.compactBytes()
  return { clientSideThrottleTime, errorCode, members: reader.compactLength() }
}

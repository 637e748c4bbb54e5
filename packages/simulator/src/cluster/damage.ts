/**
 * Batches that nobody can read. The in-memory log has single records only: one that is marked stands for an offset of such a
 * batch, and neighbours that are marked are one batch.
 */
import type { ConsumedRecord, OutgoingRecord } from "@kafka-request-reply/core/Transport"
import * as RecordHeaders from "@kafka-request-reply/core/simulator/wire/RecordHeaders"
import type { JoinGroup } from "@kafka-request-reply/core/Transport"

/** Where responders keep what they could not read. */
export const deadLetters = "sim.dead"

const mark = "sim-damaged"

export const damaged = (partition: number, count: number): ReadonlyArray<OutgoingRecord> =>
  Array.from({ length: count }, () => ({
    topic: "sim.requests",
    partition,
    key: null,
    value: Uint8Array.of(0xde, 0xad),
    headers: [[mark, Uint8Array.of()]]
  }))

export const isDamaged = ({ headers }: OutgoingRecord): boolean => headers[0]?.[0] === mark

/** What a dead letter is of. */
export const buriedBy = ({ headers, topic }: OutgoingRecord): { partition: number; offset: number } | undefined => {
  if (topic !== deadLetters) return undefined
  const read = (name: string): number =>
    Number(Buffer.from(RecordHeaders.last(headers, name) ?? Uint8Array.of()).toString("utf8"))
  return { partition: read("rr-dead-partition"), offset: read("rr-dead-offset") }
}

type Batch = Parameters<NonNullable<JoinGroup["onUndecodable"]>>[0]

/** The batch that these records stand for. */
export const batchOf = (records: ReadonlyArray<ConsumedRecord>): Batch => {
  const [{ leaderEpoch, offset, partition, timestamp, topic, topicId, value }] = records as [ConsumedRecord]
  const lastOffset = records.at(-1)!.offset
  const reason = "its checksum is wrong"
  return { topic, partition, firstOffset: offset, lastOffset, timestamp, reason, bytes: value!, leaderEpoch, topicId }
}

/** The first records that are all damaged, or all not. */
export const likeTheFirst = (records: ReadonlyArray<ConsumedRecord>): ReadonlyArray<ConsumedRecord> => {
  const isFirst = isDamaged(records[0]!)
  const end = records.findIndex((record) => isDamaged(record) !== isFirst)
  return end < 0 ? records : records.slice(0, end)
}

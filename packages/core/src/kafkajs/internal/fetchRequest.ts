/**
 * Fetches from one broker for any number of partitions, with an answer for each; and asks for the offsets of a partition.
 */
import * as Effect from "effect/Effect"
import type { ConsumedRecord, TopicPartition, UndecodableBatch } from "../../kafka/KafkaRecord.ts"
import { because, Refused, type TransportError } from "../../kafka/TransportError.ts"
import {
  decodeFetch,
  encodeFetch,
  type FetchAnswer,
  type FetchedFrom,
  fetchVersion
} from "../../protocol/fetchCodec.ts"
import { decodeRecordSet } from "../../protocol/recordSet.ts"
import type { BuildRequest } from "./brokerRequests.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { apiKeys, ownRequest, protocolRequest } from "./kafkajsInternals.ts"

export interface FetchPosition extends TopicPartition {
  /** The next offset wanted. */
  readonly position: number
  /** The id of the topic that the position belongs to; undefined when it is not known. */
  readonly topicId: string | undefined
}

export interface FetchedPartition extends TopicPartition {
  /** Kafka's error code, 0 when there is none. */
  readonly errorCode: number
  readonly records: ReadonlyArray<ConsumedRecord>
  /** The epoch in which the broker led the partition; -1 when it was not known. */
  readonly leaderEpoch: number
  /** The position asked for. */
  readonly from: number
  /** The position of the next fetch; the position asked for when there was no record. */
  readonly next: number
  /** Batches among the records that cannot be decoded, and why. */
  readonly unreadable: ReadonlyArray<UndecodableBatch>
}

interface ListOffsetsResponse {
  readonly responses: ReadonlyArray<{
    readonly partitions: ReadonlyArray<{ readonly errorCode: number; readonly offset: string }>
  }>
}

const readUncommitted = 0
const maxBytesPerPartition = 1024 * 1024
const maxBytes = 8 * 1024 * 1024

// A broker that holds a fetch this much longer than asked has lost the connection.
const silenceMillis = 3_000
const metadataPurpose = "metadata"

const fetchRequest =
  (wanted: ReadonlyArray<FetchedFrom>, maxWaitMillis: number): BuildRequest =>
  (versions) => {
    const newest = versions[apiKeys.Fetch]?.maxVersion ?? 0
    const version = fetchVersion(
      newest,
      wanted.every(({ topicId }) => topicId !== undefined)
    )
    if (version === undefined) {
      const detail = `version 11 of Fetch is needed (Kafka 2.3), the broker has ${newest}`
      throw because(new Refused({ code: "UNSUPPORTED_VERSION", detail }))
    }
    return ownRequest(
      "Fetch",
      version,
      () => encodeFetch(wanted, { maxWaitMillis, maxBytes, maxBytesPerPartition }, version),
      (bytes) => decodeFetch(bytes, version)
    )
  }

/** The broker answers when there is a record, or after the settings' `maxWaitMillis`. Uses the connection of the purpose. */
export const fetchFrom = Effect.fnUntraced(function* (
  client: ClusterClient,
  nodeId: number,
  purpose: string,
  positions: ReadonlyArray<FetchPosition>
): Effect.fn.Return<ReadonlyArray<FetchedPartition>, TransportError> {
  const { metadata, settings } = client
  const { maxWaitMillis } = settings
  const connection = yield* client.connect(nodeId, purpose)
  const wanted = positions.map(({ partition, position, topic, topicId }): FetchedFrom => ({
    topic,
    topicId,
    partition,
    position,
    leaderEpoch: metadata.leaderEpochOf(topic, partition)
  }))
  const answer = yield* client.ask<FetchAnswer>(
    connection,
    `reading from broker ${nodeId}`,
    fetchRequest(wanted, maxWaitMillis),
    { holdMillis: maxWaitMillis, timeoutMillis: maxWaitMillis + silenceMillis }
  )
  yield* client.failOnCode(answer.errorCode)
  const fetched: Array<FetchedPartition> = []
  for (const { errorCode, partition, records: bytes, topic: name, topicId } of answer.partitions) {
    const asked = wanted.find(
      (position) =>
        position.partition === partition &&
        (topicId === undefined ? position.topic === name : position.topicId === topicId)
    )
    if (asked === undefined) continue
    const { leaderEpoch, position: from, topic } = asked
    const { next, oldFormat, records, unreadable } = decodeRecordSet(bytes, { topic, partition, topicId }, from)
    if (oldFormat !== undefined) {
      const detail = `${topic}-${partition} has records of format ${oldFormat} at offset ${from}: written before Kafka 0.11`
      return yield* because(new Refused({ code: "UNSUPPORTED_FOR_MESSAGE_FORMAT", detail }))
    }
    fetched.push({ topic, partition, errorCode, leaderEpoch, records, from, next, unreadable })
  }
  return fetched
})

/**
 * The first offset of a partition, its end, or the first offset written at or after a time (epoch milliseconds); -1 when there
 * is none.
 */
export const listOffset = Effect.fnUntraced(function* (
  client: ClusterClient,
  { partition, topic }: TopicPartition,
  which: "earliest" | "end" | number
): Effect.fn.Return<number, TransportError> {
  const connection = yield* client.connect(client.metadata.leaderOf(topic, partition), metadataPurpose)
  const timestamp = which === "earliest" ? "-2" : which === "end" ? "-1" : String(Math.floor(which))
  const payload = { isolationLevel: readUncommitted, topics: [{ topic, partitions: [{ partition, timestamp }] }] }
  const { responses } = yield* client.ask<ListOffsetsResponse>(
    connection,
    `asking for an offset of ${topic}-${partition}`,
    (versions) => protocolRequest(versions, "ListOffsets", payload),
    { topic }
  )
  const found = responses[0]?.partitions[0]
  yield* client.failOnCode(found?.errorCode ?? 0, topic)
  return Number(found?.offset ?? 0)
})

/**
 * One long poll at one broker for any number of partitions, answered per partition.
 */
import * as Effect from "effect/Effect"
import type { ConsumedRecord, TopicPartition } from "../../transport/KafkaRecord.ts"
import type { TransportError } from "../../transport/TransportError.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { ask, protocolRequest } from "./kafkajsInternals.ts"
import { type FetchedMessage, toRecord } from "./records.ts"

export interface FetchPosition extends TopicPartition {
  /** The next offset wanted. */
  readonly position: number
}

export interface FetchedPartition extends TopicPartition {
  /** Kafka's error code, 0 when there is none. */
  readonly errorCode: number
  readonly records: ReadonlyArray<ConsumedRecord>
  /** Where to go on; the position asked for when nothing was there. */
  readonly next: number
}

interface FetchResponse {
  readonly responses: ReadonlyArray<{
    readonly topicName: string
    readonly partitions: ReadonlyArray<{
      readonly partition: number
      readonly errorCode: number
      readonly messages: ReadonlyArray<FetchedMessage>
    }>
  }>
}

interface ListOffsetsResponse {
  readonly responses: ReadonlyArray<{
    readonly partitions: ReadonlyArray<{ readonly errorCode: number; readonly offset: string }>
  }>
}

// Records of aborted transactions are read too: nobody is meant to write transactionally to these topics, and a
// transaction that hangs must not hold back replies.
const readUncommitted = 0
const maxBytesPerPartition = 1024 * 1024
const maxBytes = 8 * 1024 * 1024

/** Waits for a record at the broker, at most the settings' `maxWaitMillis`. */
export const fetchFrom = Effect.fnUntraced(function* (
  client: ClusterClient,
  nodeId: number,
  positions: ReadonlyArray<FetchPosition>
): Effect.fn.Return<ReadonlyArray<FetchedPartition>, TransportError> {
  const topics = new Map<string, Map<number, number>>()
  for (const { partition, position, topic } of positions) {
    const partitions = topics.get(topic)
    if (partitions === undefined) topics.set(topic, new Map([[partition, position]]))
    else partitions.set(partition, position)
  }
  const payload = {
    maxWaitTime: client.settings.maxWaitMillis,
    minBytes: 1,
    maxBytes,
    isolationLevel: readUncommitted,
    rackId: "",
    topics: Array.from(topics, ([topic, partitions]) => ({
      topic,
      partitions: Array.from(partitions, ([partition, position]) => ({
        partition,
        fetchOffset: String(position),
        maxBytes: maxBytesPerPartition
      }))
    }))
  }
  const broker = yield* client.broker(nodeId)
  const { responses } = yield* client.call(`reading from broker ${nodeId}`, () =>
    ask<FetchResponse>(broker, protocolRequest(broker, "Fetch", payload))
  )
  return responses.flatMap(({ partitions, topicName: topic }) =>
    partitions.map(({ errorCode, messages, partition }): FetchedPartition => {
      const position = topics.get(topic)?.get(partition) ?? 0
      const records: Array<ConsumedRecord> = []
      let next = position
      for (const message of messages) {
        const offset = Number(message.offset)
        // A batch is sent whole, also the records before the position.
        if (offset < position) continue
        next = offset + 1
        if (message.isControlRecord !== true) records.push(toRecord(topic, partition, message))
      }
      return { topic, partition, errorCode, records, next }
    })
  )
})

/** The first or the next offset of a partition, as its leader knows it. */
export const listOffset = Effect.fnUntraced(function* (
  client: ClusterClient,
  { partition, topic }: TopicPartition,
  which: "earliest" | "end"
): Effect.fn.Return<number, TransportError> {
  const broker = yield* client.broker(client.metadata.leaderOf(topic, partition))
  const timestamp = which === "earliest" ? "-2" : "-1"
  const payload = { isolationLevel: readUncommitted, topics: [{ topic, partitions: [{ partition, timestamp }] }] }
  const { responses } = yield* client.call(`asking for the ${which} offset of ${topic}-${partition}`, () =>
    ask<ListOffsetsResponse>(broker, protocolRequest(broker, "ListOffsets", payload))
  )
  const found = responses[0]?.partitions[0]
  yield* client.failOnCode(found?.errorCode ?? 0, topic)
  return Number(found?.offset ?? 0)
})

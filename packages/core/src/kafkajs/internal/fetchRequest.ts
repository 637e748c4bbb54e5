/**
 * One long poll at one broker for any number of partitions, answered per partition.
 */
import * as Effect from "effect/Effect"
import type { ConsumedRecord, TopicPartition, UndecodableBatch } from "../../kafka/KafkaRecord.ts"
import { because, Refused, type TransportError } from "../../kafka/TransportError.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { decodeFetch, type FetchAnswer, fetchVersion } from "../../protocol/fetchCodec.ts"
import {
  ask,
  type Broker,
  fetchConnection,
  protocolRequest,
  type ProtocolRequest,
  withDecoder
} from "./kafkajsInternals.ts"
import { decodeRecordSet } from "../../protocol/recordSet.ts"

export interface FetchPosition extends TopicPartition {
  /** The next offset wanted. */
  readonly position: number
}

export interface FetchedPartition extends TopicPartition {
  /** Kafka's error code, 0 when there is none. */
  readonly errorCode: number
  readonly records: ReadonlyArray<ConsumedRecord>
  /** Batches between them that cannot be decoded. */
  readonly unreadable: ReadonlyArray<UndecodableBatch>
  /** The position asked for. */
  readonly from: number
  /** Where to go on; the position asked for when nothing was there. */
  readonly next: number
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

// A broker that holds a fetch much longer than it was told to is taken for dead.
const silenceMillis = 5_000

const fetchRequest = (broker: Broker, payload: object): ProtocolRequest => {
  const protocol = protocolRequest(broker, "Fetch", payload)
  const { apiVersion } = protocol.request
  if (apiVersion === fetchVersion) return withDecoder(protocol, decodeFetch)
  const detail = `version ${fetchVersion} of Fetch is needed (Kafka 2.3), the broker has ${apiVersion}`
  throw because(new Refused({ code: "UNSUPPORTED_VERSION", detail }))
}

// The broker answers the requests of a connection in turn: the next fetch would wait until this one is over.
const abandon = (broker: Broker): void => {
  fetchConnection(broker)?.socket?.destroy(new Error("the fetch is given up"))
}

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
  const answer = yield* client
    .call(`reading from broker ${nodeId}`, () => ask<FetchAnswer>(broker, fetchRequest(broker, payload)), {
      timeoutMillis: client.settings.maxWaitMillis + silenceMillis
    })
    .pipe(Effect.onError(() => Effect.sync(() => abandon(broker))))
  const fetched: Array<FetchedPartition> = []
  for (const { errorCode, partition, records: bytes, topic } of answer.partitions) {
    const position = topics.get(topic)?.get(partition) ?? 0
    const { next, records, unreadable } = decodeRecordSet(bytes, topic, partition, position)
    for (const { firstOffset, lastOffset, reason } of unreadable) {
      yield* Effect.logError(`${topic}-${partition}: records ${firstOffset} to ${lastOffset} cannot be read: ${reason}`)
    }
    fetched.push({ topic, partition, errorCode, records, unreadable, from: position, next })
  }
  return fetched
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

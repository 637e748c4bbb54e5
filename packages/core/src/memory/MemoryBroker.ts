/**
 * A Kafka broker in memory: topics with partitions, offsets, consumer groups with generations and commits with metadata.
 *
 * It does what the real one does as far as the laws of `TransportSuite` can tell, and shows its inside to tests. It has no
 * replication, no retention by time and no transactions.
 *
 * @example
 * ```ts
 * import * as assert from "node:assert/strict"
 * import * as MemoryBroker from "@kafka-request-reply/core/MemoryBroker"
 * import { Effect } from "effect"
 *
 * const test = Effect.gen(function* () {
 *   const broker = yield* MemoryBroker.MemoryBroker
 *   broker.createTopic({ name: "orders", partitions: 1, replicationFactor: 1, configs: {} })
 *   yield* broker.append({ topic: "orders", partition: 0, key: null, value: Buffer.from("{}"), headers: [] })
 *   assert.equal(broker.records("orders").length, 1)
 * })
 * await Effect.runPromise(Effect.provide(test, MemoryBroker.layer))
 * ```
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ConsumedRecord, OutgoingRecord, TopicPartition } from "../kafka/KafkaRecord.ts"
import type { OffsetCommit, TopicDescription, TopicSpec } from "../kafka/Transport.ts"
import type { TransportError } from "../kafka/TransportError.ts"
import { MemoryGroups } from "./internal/memoryGroups.ts"
import type { MemoryLog } from "./internal/memoryLog.ts"
import { MemoryTopics, partitionNotFound } from "./internal/memoryTopics.ts"

export type { MemoryLog } from "./internal/memoryLog.ts"
export { assign as assignPartitions, type Claimant } from "../protocol/stickyAssignment.ts"

/** What a group committed for one partition. */
export interface Committed {
  readonly offset: number
  readonly metadata: string
}

/** A member as its group sees it; the transport supplies the behaviour. */
export interface MemoryMember {
  readonly id: string
  readonly topics: ReadonlyArray<string>
  /** Gives up the partitions it has: quiesce and commit. */
  readonly revoke: Effect.Effect<void>
  /** Takes a new assignment of this generation. */
  readonly assign: (partitions: ReadonlyArray<TopicPartition>, generation: number) => void
}

export interface MemoryGroup {
  generation: number
  readonly members: Map<string, MemoryMember>
  readonly committed: Map<string, Committed>
}

export class MemoryBroker extends Context.Service<
  MemoryBroker,
  {
    readonly createTopic: (spec: TopicSpec) => boolean
    readonly deleteTopic: (name: string) => void
    readonly describe: (name: string) => TopicDescription | undefined
    readonly configs: (name: string) => Readonly<Record<string, string>>
    readonly log: (partition: TopicPartition) => MemoryLog | undefined
    /** Appends a record now and returns its offset; what a producer outside this library would do. */
    readonly append: (record: OutgoingRecord) => Effect.Effect<number, TransportError>
    /** Appends records of one partition, all or none of them, and returns the first one's offset. */
    readonly appendBatch: (
      partition: TopicPartition,
      records: ReadonlyArray<OutgoingRecord>
    ) => Effect.Effect<number, TransportError>
    /** Everything in a topic, by partition and offset. */
    readonly records: (topic: string) => ReadonlyArray<ConsumedRecord>
    readonly group: (id: string) => MemoryGroup
    /** Stores commits of a member of the current generation. */
    readonly commit: (
      groupId: string,
      generation: number,
      offsets: ReadonlyArray<OffsetCommit>
    ) => Effect.Effect<void, TransportError>
    /**
     * All members give up their partitions and get new ones: what a joining or leaving member causes. Waits for the new
     * assignment, unless a rebalance is under way: that one then takes another round.
     */
    readonly rebalance: (groupId: string) => Effect.Effect<void>
  }
>()("@kafka-request-reply/core/memory/MemoryBroker") {}

/** Why a partition cannot be used. */
export const notFound = (broker: MemoryBroker["Service"], partition: TopicPartition): TransportError =>
  partitionNotFound(broker.describe(partition.topic), partition)

export const make = Effect.gen(function* () {
  const topics = new MemoryTopics(yield* Clock.Clock)
  const groups = new MemoryGroups(topics)
  const broker: MemoryBroker["Service"] = {
    createTopic: (spec) => topics.create(spec),
    deleteTopic: (name) => topics.delete(name),
    describe: (name) => topics.describe(name),
    configs: (name) => topics.configs(name),
    log: ({ partition, topic }) => topics.logs(topic)[partition],
    append: (record) => topics.append(record, [record]),
    appendBatch: (partition, records) => topics.append(partition, records),
    records: (name) => topics.records(name),
    group: (id) => groups.get(id),
    commit: (groupId, generation, offsets) => groups.commit(groupId, generation, offsets),
    rebalance: (groupId) => groups.rebalance(groupId)
  }
  return broker
})

/** A fresh broker without topics. */
export const layer: Layer.Layer<MemoryBroker> = Layer.effect(MemoryBroker, make)

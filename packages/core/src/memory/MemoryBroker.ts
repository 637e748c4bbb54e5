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
import { assign } from "../protocol/stickyAssignment.ts"
import { MemoryLog, encodedSize } from "./internal/memoryLog.ts"
import { type ConsumedRecord, type OutgoingRecord, partitionKey, type TopicPartition } from "../kafka/KafkaRecord.ts"
import {
  because,
  NoSuchPartition,
  NoSuchTopic,
  Refused,
  TooLarge,
  type TransportError,
  Unavailable
} from "../kafka/TransportError.ts"
import { maxMetadataLength, type OffsetCommit, type TopicDescription, type TopicSpec } from "../kafka/Transport.ts"

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

interface Group extends MemoryGroup {
  isRebalancing: boolean
  isAgain: boolean
  /** What each member got last. */
  owned: ReadonlyMap<string, ReadonlyArray<TopicPartition>>
}

interface MemoryTopic {
  readonly spec: TopicSpec
  readonly logs: ReadonlyArray<MemoryLog>
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

/** The brokers' default of `max.message.bytes`: a batch may not be larger. */
/** Whether the broker keeps the newest record of each key only, so that every record needs one. */
const isCompacted = ({ "cleanup.policy": policy = "" }: Readonly<Record<string, string>>): boolean =>
  policy.split(",").some((one) => one.trim() === "compact")

const defaultMaxBatchBytes = 1_048_588

/** Why a partition cannot be used. */
export const notFound = (broker: MemoryBroker["Service"], { partition, topic }: TopicPartition): TransportError => {
  const found = broker.describe(topic)
  return because(
    found === undefined
      ? new NoSuchTopic({ topic })
      : new NoSuchPartition({ topic, partition, partitions: found.partitions })
  )
}

export const make = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const topics = new Map<string, MemoryTopic>()
  let topicsMade = 0
  const groups = new Map<string, Group>()

  const groupOf = (id: string) => {
    let group = groups.get(id)
    if (group === undefined) {
      const nothing = { members: new Map(), committed: new Map(), owned: new Map() }
      group = { generation: 0, isRebalancing: false, isAgain: false, ...nothing }
      groups.set(id, group)
    }
    return group
  }

  const broker: MemoryBroker["Service"] = {
    createTopic: (spec) => {
      if (topics.has(spec.name)) return false
      const id = `topic-${topicsMade++}`
      const logs = Array.from({ length: spec.partitions }, (_, partition) => new MemoryLog(spec.name, partition, id))
      topics.set(spec.name, { spec, logs })
      return true
    },
    deleteTopic: (name) => void topics.delete(name),
    describe: (name) => {
      const topic = topics.get(name)
      return topic === undefined ? undefined : { name, partitions: topic.logs.length, replicationFactor: 1 }
    },
    configs: (name) => topics.get(name)?.spec.configs ?? {},
    log: ({ partition, topic }) => topics.get(topic)?.logs[partition],
    append: (record) => broker.appendBatch(record, [record]),
    appendBatch: (partition, records) =>
      Effect.suspend(() => {
        const log = broker.log(partition)
        if (log === undefined) return Effect.fail(notFound(broker, partition))
        const { topic } = partition
        if (isCompacted(broker.configs(topic)) && records.some(({ key }) => key === null)) {
          const detail = `compacted topic ${topic} takes no record without a key`
          return Effect.fail(because(new Refused({ code: "INVALID_RECORD", detail })))
        }
        const limit = Number(broker.configs(topic)["max.message.bytes"] ?? defaultMaxBatchBytes)
        const size = records.reduce((sum, record) => sum + encodedSize(record), 0)
        if (size > limit) {
          return Effect.fail(because(new TooLarge({ topic, detail: `a batch of ${size} bytes, limit ${limit}` })))
        }
        const first = log.end
        const now = clock.currentTimeMillisUnsafe()
        for (const record of records) log.append(record, now)
        return Effect.succeed(first)
      }),
    records: (name) => topics.get(name)?.logs.flatMap((log) => log.read(0, log.end)) ?? [],
    group: groupOf,
    commit: (groupId, generation, offsets) =>
      Effect.suspend(() => {
        const group = groupOf(groupId)
        if (group.generation !== generation) {
          return Effect.fail(because(new Unavailable({ code: "ILLEGAL_GENERATION", detail: "the assignment is over" })))
        }
        let refusal: TransportError | undefined
        for (const commit of offsets) {
          const { metadata, offset } = commit
          if (metadata.length <= maxMetadataLength) group.committed.set(partitionKey(commit), { offset, metadata })
          else {
            const detail = `${metadata.length} characters, limit ${maxMetadataLength}`
            refusal = because(new Refused({ code: "OFFSET_METADATA_TOO_LARGE", detail }))
          }
        }
        return refusal === undefined ? Effect.void : Effect.fail(refusal)
      }),
    // One rebalance of a group at a time; changes that come meanwhile cause one more round.
    rebalance: (groupId) =>
      Effect.suspend(() => {
        const group = groupOf(groupId)
        if (group.isRebalancing) {
          group.isAgain = true
          return Effect.void
        }
        group.isRebalancing = true
        return Effect.gen(function* () {
          do {
            group.isAgain = false
            yield* Effect.forEach([...group.members.values()], (member) => member.revoke, {
              concurrency: "unbounded",
              discard: true
            })
            group.generation++
            const wanted = new Set([...group.members.values()].flatMap((member) => member.topics))
            const partitions = [...wanted].toSorted().flatMap((topic) => topics.get(topic)?.logs ?? [])
            const members = [...group.members.values()]
            const shares = assign(
              partitions.map(({ partition, topic }) => ({ topic, partition })),
              members.map(({ id, topics }) => ({ id, topics, owned: group.owned.get(id) ?? [], generation: 0 }))
            )
            group.owned = shares
            for (const member of members) member.assign(shares.get(member.id) ?? [], group.generation)
          } while (group.isAgain)
        }).pipe(Effect.ensuring(Effect.sync(() => (group.isRebalancing = false))), Effect.uninterruptible)
      })
  }
  return broker
})

/** A fresh broker without topics. */
export const layer: Layer.Layer<MemoryBroker> = Layer.effect(MemoryBroker, make)

/**
 * Kafka in the abstract: write a batch, read one partition from a fixed position, join a consumer group, look after topics.
 *
 * Everything above works on bytes and knows no driver; everything below (kafkajs, memory) knows no contract. Laws every
 * transport obeys: `test/suites/TransportSuite.ts`.
 *
 * @example
 * ```ts
 * import * as assert from "node:assert/strict"
 * import * as MemoryTransport from "@kafka-request-reply/core/MemoryTransport"
 * import { Transport } from "@kafka-request-reply/core/Transport"
 * import { Effect, Layer } from "effect"
 *
 * // A transport that tells which topics are created.
 * const created: Array<string> = []
 * const watched = Layer.effect(
 *   Transport,
 *   Effect.map(Transport, (transport) => {
 *     const create: typeof transport.topics.create = (topic) => {
 *       created.push(topic.name)
 *       return transport.topics.create(topic)
 *     }
 *     return { ...transport, topics: { ...transport.topics, create } }
 *   })
 * ).pipe(Layer.provide(MemoryTransport.layer))
 *
 * const program = Effect.flatMap(Transport, ({ topics }) =>
 *   topics.create({ name: "orders", partitions: 1, replicationFactor: 1, configs: {} })
 * )
 * await Effect.runPromise(Effect.provide(program, watched))
 * assert.deepEqual(created, ["orders"])
 * ```
 */
import "../host/requiredNode.ts"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ConsumedRecord, TopicPartition, UndecodableBatch } from "./KafkaRecord.ts"
import type { ProducerLink } from "./ProducerLink.ts"
import type { TransportError } from "./TransportError.ts"

export type { ConsumedRecord, OutgoingRecord, TopicPartition } from "./KafkaRecord.ts"
export { partitionKey } from "./KafkaRecord.ts"
export type { RecordHeader, RecordHeaders } from "../wire/RecordHeaders.ts"
export type { PartitionBatch, Produced, ProducerLink } from "./ProducerLink.ts"
export type { NotWritten, Unknown, Unwritten, Verdict, Written } from "./Verdict.ts"

/** Where a reader starts. `end` is resolved once, before `readPartition` returns. */
export type StartPosition = "earliest" | "end" | number

export interface ReadPartition extends TopicPartition {
  readonly from: StartPosition
  /** Called synchronously with each fetched batch, in offset order. Must not throw. */
  readonly onRecords: (records: ReadonlyArray<ConsumedRecord>) => void
  /** A batch that cannot be decoded, in the place of its records; reading goes on after it. Must not throw. */
  readonly onUndecodable?: (batch: UndecodableBatch) => void
  /**
   * The reader found its partition gone (topic deleted or re-created with fewer partitions); it goes on looking for it.
   * Called once per loss.
   */
  readonly onLost?: (error: TransportError) => void
  /**
   * The partition's leader answers no more, and why, or answers again (undefined). Taken to answer at first, told at each
   * change: a refused connection or an error ends it at once, silence after about a second beyond what the broker may hold a
   * fetch. Must not throw.
   */
  readonly onHearing?: (silentBecause: TransportError | undefined) => void
}

export interface PartitionReader {
  /** The offset the reader started at. */
  readonly start: number
}

/** A partition that this member now owns, with what its group committed for it. */
export interface AssignedPartition extends TopicPartition {
  /** The next offset to process, or undefined when the group never committed one (reading starts at the earliest). */
  readonly committed: number | undefined
  /** The commit's metadata, empty when none. */
  readonly metadata: string
  /** The id of the topic now, if the driver knows it: see `LogFacts`. */
  readonly topicId?: string | undefined
  /** The leader epoch that was committed beside the offset, if there was one. */
  readonly leaderEpoch?: number | undefined
}

/** What brokers take at most as the metadata of a commit, in characters: their default of `offset.metadata.max.bytes`. */
export const maxMetadataLength = 4_096

export interface OffsetCommit extends TopicPartition {
  /** The next offset to process. */
  readonly offset: number
  /** At most `maxMetadataLength` characters: the broker refuses more. */
  readonly metadata: string
  /** The leader epoch of the newest record below the offset, if it is known. */
  readonly leaderEpoch?: number | undefined
}

export interface JoinGroup {
  readonly groupId: string
  readonly topics: ReadonlyArray<string>
  /**
   * The whole new assignment, after every join and before any record of it. Whatever was assigned before and is not
   * listed is lost. Must not throw.
   */
  readonly onAssigned: (partitions: ReadonlyArray<AssignedPartition>) => void
  /**
   * Fetched records of one partition, in offset order, starting at its committed offset, or where the log was cut off below it. Returns how many were taken,
   * from the front; the rest is delivered again after `resume`. The partition counts as paused when not all were taken.
   * Must not throw.
   */
  readonly onRecords: (records: ReadonlyArray<ConsumedRecord>) => number
  /**
   * A batch that cannot be decoded, in the place of its records. False when it was not taken: it is delivered again after
   * `resume`, as with `onRecords`. Without it such batches are passed over and logged. Must not throw.
   */
  readonly onUndecodable?: (batch: UndecodableBatch) => boolean
  /**
   * Run before partitions of this member may go to others: start nothing new, finish or let go, commit. The transport waits
   * for it, at most `revokeTimeoutMillis`. A rebalance that takes nothing away does not run it.
   */
  readonly onRevoking: Effect.Effect<void>
  readonly revokeTimeoutMillis: number
}

export interface GroupMember {
  /**
   * Commits for partitions of the current assignment. Commits that come too late (generation over) fail and must be
   * dropped: the next owner decides.
   */
  readonly commit: (offsets: ReadonlyArray<OffsetCommit>) => Effect.Effect<void, TransportError>
  /** Stops fetching one partition until `resume`. */
  readonly pause: (partition: TopicPartition) => void
  readonly resume: (partition: TopicPartition) => void
  /**
   * Until when, in monotonic milliseconds, the partitions are surely this member's: from the sending of the last heartbeat
   * that was answered, for a session less a margin. Afterwards others may own them, and nothing new may be started before
   * another heartbeat is answered; nothing is delivered meanwhile. Infinite where a membership cannot lapse.
   */
  readonly leaseUntil: () => number
  /** Stops fetching everything; the membership and its heartbeats go on, so commits still work. */
  readonly stopFetching: Effect.Effect<void>
  /** Leaves the group, so that others take over at once. Idempotent; also done when the scope closes. */
  readonly leave: Effect.Effect<void>
}

export interface TopicDescription {
  readonly name: string
  readonly partitions: number
  readonly replicationFactor: number
}

export interface TopicSpec {
  readonly name: string
  readonly partitions: number
  /** -1: the broker's default (KIP-464). */
  readonly replicationFactor: number
  readonly configs: Readonly<Record<string, string>>
}

export interface Topics {
  /** Describes those of the named topics that exist. */
  readonly describe: (names: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<TopicDescription>, TransportError>
  /** Creates the topic; true when it was created, false when it existed already. Waits until it can be used. */
  readonly create: (spec: TopicSpec) => Effect.Effect<boolean, TransportError>
  /** The values of these settings of one topic, as the broker holds them now. */
  readonly configs: (
    topic: string,
    names: ReadonlyArray<string>
  ) => Effect.Effect<Readonly<Record<string, string>>, TransportError>
}

/** The seam between the request/reply engine and Kafka. */
export class Transport extends Context.Service<
  Transport,
  {
    /** The way to write: one produce request for one leader. Batching, order per key and retries are the publisher's. */
    readonly link: ProducerLink
    readonly topics: Topics
    /**
     * Reads one partition without a consumer group, until the scope closes. When it returns, the start position is
     * fixed: a record published afterwards is delivered. Heals by itself and never skips forward, except over offsets
     * that the broker has deleted.
     */
    readonly readPartition: (options: ReadPartition) => Effect.Effect<PartitionReader, TransportError, Scope.Scope>
    /** Joins a consumer group (cooperating members share the topics' partitions) until the scope closes. Returns when joined. */
    readonly joinGroup: (options: JoinGroup) => Effect.Effect<GroupMember, TransportError, Scope.Scope>
    /**
     * How many members a consumer group has now, as its coordinator tells; 0 for a group that nobody joined. A member that
     * was killed counts until its session is over.
     */
    readonly groupSize: (groupId: string) => Effect.Effect<number, TransportError>
  }
>()("@kafka-request-reply/core/kafka/Transport") {}

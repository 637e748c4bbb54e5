/**
 * What a driver must offer so that the core's publisher can write through it: one produce request for one leader.
 *
 * Batching, per-key order, limits, retries and the check of acknowledgements are the publisher's; a link only moves
 * one batch and tells per partition what the broker said.
 */
import type * as Effect from "effect/Effect"
import type { OutgoingRecord, TopicPartition } from "./KafkaRecord.ts"
import type { TransportError } from "./TransportError.ts"

/** What the broker said about one partition of a batch. */
export interface PartitionAck extends TopicPartition {
  /** Absent when the records were written and acknowledged by all in-sync replicas. */
  readonly error?: TransportError
}

export interface ProducerLink {
  /** The number of partitions of a topic, from cached metadata (fetched when unknown). */
  readonly partitions: (topic: string) => Effect.Effect<number, TransportError>
  /**
   * The leader's broker id from cached metadata, or -1 when it is not known now. Never waits; a topic asked for the first
   * time is included in the next `refresh`.
   */
  readonly leaderOf: (topic: string, partition: number) => number
  /** Fetches the metadata anew, after an error that hints at a moved leader. */
  readonly refresh: Effect.Effect<void, TransportError>
  /**
   * Writes the records with acks=all, as one produce request (they all have the same leader), in the order given.
   * Succeeds with what the broker said for every partition it spoke of; a partition it did not mention was *not*
   * acknowledged. `timeoutMillis` bounds the broker's wait for its replicas and the wait for the answer.
   */
  readonly send: (
    batch: ReadonlyArray<OutgoingRecord>,
    timeoutMillis: number
  ) => Effect.Effect<ReadonlyArray<PartitionAck>, TransportError>
}

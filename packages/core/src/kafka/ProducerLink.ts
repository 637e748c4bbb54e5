/**
 * What a driver must offer so that the core's publisher can write through it: one produce request for one leader.
 *
 * Batching, per-key order, limits and retries are the publisher's; a link only moves one request and tells for each
 * partition in it what became of its records.
 */
import type * as Effect from "effect/Effect"
import type { OutgoingRecord, TopicPartition } from "./KafkaRecord.ts"
import type { TransportError } from "./TransportError.ts"
import type { Verdict, Unwritten } from "./Verdict.ts"

/** The records of one partition in one request, in order. At least one; Kafka writes all of them or none. */
export interface PartitionBatch extends TopicPartition {
  readonly records: ReadonlyArray<OutgoingRecord>
}

/** The answer to a produce request. */
export interface Produced {
  /** One for each batch, in the order of the batches. A partition that the broker passed over is *unknown*. */
  readonly verdicts: ReadonlyArray<Verdict>
  /** How long the broker asks to be left alone (KIP-219), 0 when it does not. */
  readonly throttleMillis: number
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
   * Writes the batches with acks=all as one produce request to this broker; no two are of the same partition.
   * `timeoutMillis` bounds the broker's wait for its replicas and the wait for the answer; a broker that asked to be left
   * alone is not silent. Fails with what is known of all records when the broker gave no answer: *not written* until the
   * first byte was given to a connection, *unknown* from then on.
   */
  readonly send: (
    leader: number,
    batches: ReadonlyArray<PartitionBatch>,
    timeoutMillis: number
  ) => Effect.Effect<Produced, Unwritten>
}

/**
 * Writes publications to Kafka in micro-batches: per partition leader, a few batches in flight, never two with the same
 * key, one event-loop turn apart, acknowledgements checked per partition, transient failures resent until the deadline.
 *
 * The decisions are in `internal/publishLane.ts`; this file drives them. A driver only supplies a `ProducerLink`.
 */
import type * as Effect from "effect/Effect"
import type { OutgoingRecord } from "./KafkaRecord.ts"
import type { Publication } from "./Publication.ts"
import type { TransportError } from "./TransportError.ts"

export interface Publisher {
  /** Queues a publication; its callbacks tell the outcome. Never blocks and never throws. */
  readonly offer: (publication: Publication) => void
  /** Publishes one record and waits for the acknowledgement. Fails when the record was refused or the time is up. */
  readonly publish: (record: OutgoingRecord, timeoutMillis?: number) => Effect.Effect<void, TransportError>
  /** The number of partitions of a topic, cached. */
  readonly partitions: (topic: string) => Effect.Effect<number, TransportError>
  /** The number of partitions as last seen, or undefined when the topic has not been looked up. Never waits. */
  readonly knownPartitions: (topic: string) => number | undefined
  /** Waits until everything offered so far has an outcome. */
  readonly flush: Effect.Effect<void>
}

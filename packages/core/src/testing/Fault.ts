/**
 * What can go wrong with a produce request, as values: given to `Faults.inject`, they happen to the next request that
 * carries a matching record.
 *
 * As in Kafka, the records of one partition in one produce request share their fate.
 */
import * as Duration from "effect/Duration"
import type { OutgoingRecord, TopicPartition } from "../kafka/KafkaRecord.ts"
import { because, type TransportError, Unavailable } from "../kafka/TransportError.ts"

export type Fault =
  | { readonly _tag: "Drop" }
  | { readonly _tag: "Duplicate" }
  | { readonly _tag: "Delay"; readonly millis: number }
  | { readonly _tag: "Hold" }
  | { readonly _tag: "Overtake" }
  | { readonly _tag: "FailBefore"; readonly error: TransportError }
  | { readonly _tag: "FailAfter"; readonly error: TransportError }
  | { readonly _tag: "Swallow" }
  | { readonly _tag: "LoseAcknowledgement" }
  | { readonly _tag: "SlowAcknowledgement"; readonly millis: number }

/** The error of a broker that lost a leadership: retryable, with an unknown outcome. */
export const notLeader: TransportError = because(
  new Unavailable({ code: "NOT_LEADER_OR_FOLLOWER", detail: "an injected fault" })
)

/** Acknowledged but not written: what an unclean leader election does. */
export const drop: Fault = { _tag: "Drop" }

/** Written twice: what a producer without idempotence does when it tries again. */
export const duplicate: Fault = { _tag: "Duplicate" }

/** Written, and acknowledged, so much later. */
export const delay = (by: Duration.Input): Fault => ({
  _tag: "Delay",
  millis: Duration.toMillis(Duration.fromInputUnsafe(by))
})

/** Written, and acknowledged, when the injection is released. */
export const hold: Fault = { _tag: "Hold" }

/** Written only after something else was written to the partition: later records overtake it. */
export const overtake: Fault = { _tag: "Overtake" }

/** Refused without being written. */
export const failBefore = (error: TransportError = notLeader): Fault => ({ _tag: "FailBefore", error })

/** Written, but reported as failed. */
export const failAfter = (error: TransportError = notLeader): Fault => ({ _tag: "FailAfter", error })

/** Neither written nor answered, ever. */
export const swallow: Fault = { _tag: "Swallow" }

/** Written, but the answer does not mention the partition. */
export const loseAcknowledgement: Fault = { _tag: "LoseAcknowledgement" }

/** Written at once, acknowledged so much later; `Duration.infinity`: never. */
export const slowAcknowledgement = (by: Duration.Input): Fault => ({
  _tag: "SlowAcknowledgement",
  millis: Duration.toMillis(Duration.fromInputUnsafe(by))
})

/** Which records, or partitions, are meant; what is absent matches all. */
export interface Match {
  readonly topic?: string
  readonly partition?: number
  readonly where?: (record: OutgoingRecord) => boolean
}

/** Whether a partition is meant. */
export const meansPartition = (match: Match, { partition, topic }: TopicPartition): boolean =>
  (match.topic === undefined || match.topic === topic) &&
  (match.partition === undefined || match.partition === partition)

/** Whether a record is meant. */
export const meansRecord = (match: Match, record: OutgoingRecord): boolean =>
  meansPartition(match, record) && (match.where === undefined || match.where(record))

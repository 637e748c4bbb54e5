/**
 * The errors of records that could not be written. Pure.
 */
import * as Cause from "effect/Cause"
import * as Option from "effect/Option"
import type { TopicPartition } from "../../kafka/KafkaRecord.ts"
import {
  because,
  NoAnswer,
  NoSuchPartition,
  QueueFull,
  TransportClosed,
  type TransportError,
  Unacknowledged,
  Unavailable,
  Unrecognised
} from "../../kafka/TransportError.ts"
import * as Verdict from "../../kafka/Verdict.ts"
import type { Publication } from "../Publication.ts"
import * as WriteState from "../WriteState.ts"

/** Why records wait while no leader is known. */
export const leaderUnknown = because(new Unavailable({ code: "LEADER_NOT_AVAILABLE", detail: "no leader is known" }))

export const closed = because(new TransportClosed())

export const queueFull = (limit: number): TransportError => because(new QueueFull({ limit }))

/** A record's deadline has passed, and no other reason is known. */
export const timeIsUp = (topic: string): TransportError =>
  because(new NoAnswer({ detail: `the time for writing to ${topic} is up` }))

/** The deadline of a record has passed that waited because its leader throttles. */
export const throttled = (leader: number): TransportError => {
  const detail = `broker ${leader} asked this client to pause, which is over its quota`
  return because(new Unavailable({ code: "THROTTLED", detail }))
}

/** A request got no answer although the link had to give one. */
export const unanswered = (leader: number): Verdict.Unwritten =>
  Verdict.unknown(because(new NoAnswer({ detail: `no answer to a write to broker ${leader}` })))

/** The answer does not mention the partition. */
export const passedOver = ({ partition, topic }: TopicPartition): Verdict.Unwritten =>
  Verdict.unknown(because(new Unacknowledged({ topic, partition })))

/** A send that ended without an answer: failed, interrupted by closing, or a bug in the link. */
export const failureOf = (cause: Cause.Cause<Verdict.Unwritten>): Verdict.Unwritten => {
  const failure = Cause.findErrorOption(cause)
  if (Option.isSome(failure)) return failure.value
  return Verdict.unknown(
    Cause.hasInterruptsOnly(cause) ? closed : because(new Unrecognised({ cause: Cause.squash(cause) }))
  )
}

/** Certainly not written, and not meant to wait until it can be. */
export const isImpatient = ({ state, waits }: Publication): boolean => !waits && WriteState.isUnwritten(state)

/** Why a record's partition has no leader, given the topic's partition count; undefined when one may still appear. */
export const withoutLeader = ({ partition, topic }: Publication, partitions: number): TransportError | undefined =>
  partition < partitions ? undefined : because(new NoSuchPartition({ topic, partition, partitions }))

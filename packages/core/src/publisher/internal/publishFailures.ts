/**
 * What is said of a record that could not be written. Pure.
 */
import * as Cause from "effect/Cause"
import type { Publication } from "../Publication.ts"
import {
  because,
  NoAnswer,
  NoSuchPartition,
  TransportClosed,
  type TransportError,
  Unavailable,
  Unrecognised
} from "../../kafka/TransportError.ts"

/** What stands in the way while no leader is known. */
export const leaderUnknown = because(new Unavailable({ code: "LEADER_NOT_AVAILABLE", detail: "no leader is known" }))

/** Certainly not written, and not meant to wait until it can be. */
export const isImpatient = (publication: Publication): boolean =>
  !publication.waits && publication.delivery === "queued" && !publication.isUnclear

/**
 * Whether a batch is refused for good because of one of its records; a missing permission or partition concerns them all,
 * and looking for a guilty one would make a thousand requests of a batch of 512.
 */
export const isOfOne = ({ reason }: TransportError): boolean => reason._tag === "TooLarge" || reason._tag === "Refused"

/** A record whose time is up: why it was not written when that is known. */
export const timeoutOf = ({ lastError, topic }: Publication): TransportError =>
  lastError ?? because(new NoAnswer({ detail: `the time for writing to ${topic} is up` }))

/** A send that ended without a verdict: closing interrupts it; anything else is a bug in the link. */
export const failureOf = (cause: Cause.Cause<never>): TransportError =>
  because(Cause.hasInterruptsOnly(cause) ? new TransportClosed() : new Unrecognised({ cause: Cause.squash(cause) }))

/** Why a record has no leader to go to, when the topic has so many partitions; undefined when only for now. */
export const withoutLeader = ({ partition, topic }: Publication, partitions: number): TransportError | undefined =>
  partition < partitions ? undefined : because(new NoSuchPartition({ topic, partition, partitions }))

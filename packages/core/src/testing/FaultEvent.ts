/**
 * What happened between the engine and the broker, as values that tests wait for and look at.
 */
import type { ConsumedRecord, TopicPartition } from "../kafka/KafkaRecord.ts"
import type { AssignedPartition, OffsetCommit } from "../kafka/Transport.ts"
import type { TransportError } from "../kafka/TransportError.ts"
import type { Fault } from "./Fault.ts"

export type FaultEvent =
  /** A record is in the log. */
  | { readonly _tag: "Written"; readonly record: ConsumedRecord }
  /** The producer was told what became of its records for a partition; without `error`: acknowledged. */
  | { readonly _tag: "Answered"; readonly partition: TopicPartition; readonly error: TransportError | undefined }
  /** A record was handed to a reader (`group` undefined) or taken by a member of a group. */
  | { readonly _tag: "Delivered"; readonly group: string | undefined; readonly record: ConsumedRecord }
  /** A member was told to give up its partitions. */
  | { readonly _tag: "Revoking"; readonly group: string }
  /** A member got its partitions. */
  | { readonly _tag: "Assigned"; readonly group: string; readonly partitions: ReadonlyArray<AssignedPartition> }
  /** A member's commit is stored; with `error`: refused. */
  | {
      readonly _tag: "Committed"
      readonly group: string
      readonly offsets: ReadonlyArray<OffsetCommit>
      readonly error: TransportError | undefined
    }
  /** A fault was injected into a produce request. */
  | { readonly _tag: "Injected"; readonly fault: Fault; readonly partition: TopicPartition }

export type FaultEventMatch = (event: FaultEvent) => boolean

/** A record was written to the topic. */
export const written =
  (topic: string): FaultEventMatch =>
  (event) =>
    event._tag === "Written" && event.record.topic === topic

/** A record of the topic was handed to a reader or taken by a member. */
export const delivered =
  (topic: string): FaultEventMatch =>
  (event) =>
    event._tag === "Delivered" && event.record.topic === topic

/** Records for the topic were acknowledged. */
export const acknowledged =
  (topic: string): FaultEventMatch =>
  (event) =>
    event._tag === "Answered" && event.partition.topic === topic && event.error === undefined

/** The group stored a commit. */
export const committed =
  (group: string): FaultEventMatch =>
  (event) =>
    event._tag === "Committed" && event.group === group && event.error === undefined

/** A member of the group got its partitions. */
export const assigned =
  (group: string): FaultEventMatch =>
  (event) =>
    event._tag === "Assigned" && event.group === group

/** A fault of this kind was injected. */
export const injected =
  (tag: Fault["_tag"]): FaultEventMatch =>
  (event) =>
    event._tag === "Injected" && event.fault._tag === tag

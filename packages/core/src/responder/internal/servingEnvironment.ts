/**
 * What the serving loop works with: settings, the contract's procedures, and where its results go; and what it is told.
 */
import type * as Effect from "effect/Effect"
import type { ConsumedRecord, UndecodableBatch } from "../../kafka/KafkaRecord.ts"
import type { AssignedPartition } from "../../kafka/Transport.ts"
import type { Publisher } from "../../publisher/Publisher.ts"
import type { Options } from "../Options.ts"
import type { DeadLetters } from "./deadLetters.ts"
import type { AttemptTable } from "./attemptTable.ts"
import type { DedupeTable } from "./dedupeTable.ts"
import type { OpenRequest } from "./openRequest.ts"
import type { PartitionCommit } from "./ownership.ts"
import type { Procedure } from "./procedure.ts"
import type { Origin } from "./replyPublication.ts"
import type { ServeRecorder } from "./serveRecorder.ts"
import type { Times } from "./times.ts"

export interface Environment {
  readonly options: Options
  readonly times: Times
  readonly procedures: ReadonlyMap<string, Procedure>
  readonly publisher: Publisher
  readonly recorder: ServeRecorder
  readonly dedupe: DedupeTable<OpenRequest>
  readonly attempts: AttemptTable
  readonly deadLetters: DeadLetters | undefined
  /** What replies say of where they come from. */
  readonly origin: Origin
  /** Something new can be committed. */
  readonly onProgress: () => void
  /** There is room again for records of these partitions. */
  readonly onRoom: (partitions: ReadonlyArray<number>) => void
}

export interface ServingLoop {
  readonly onAssigned: (partitions: ReadonlyArray<AssignedPartition>) => void
  readonly onRecords: (records: ReadonlyArray<ConsumedRecord>) => number
  /** A batch in the place of its records. False when there is no room for it: its partition waits. */
  readonly onUndecodable: (batch: UndecodableBatch) => boolean
  /** Records of the control topic: cancels; anything else there is ignored. */
  readonly onControl: (records: ReadonlyArray<ConsumedRecord>) => void
  /** Starts nothing more, and forgets what has not started, so that it is delivered again: until the next assignment, or for good. */
  readonly hold: (isForGood?: boolean) => void
  /** Waits until nothing that was started is open, at most so long; false when something still is. */
  readonly idleWithin: (millis: number) => Effect.Effect<boolean>
  /** Interrupts what still runs and waits for it; its offsets stay open, so that others take it over. */
  readonly abort: Effect.Effect<void>
  readonly commits: () => ReadonlyArray<PartitionCommit>
  readonly running: () => number
}

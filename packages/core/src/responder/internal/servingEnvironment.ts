/**
 * What the serving loop works with: settings, the contract's procedures, and where its results go.
 */
import type { Publisher } from "../../publisher/Publisher.ts"
import type { Options } from "../Options.ts"
import type { DeadLetters } from "./deadLetters.ts"
import type { DedupeTable } from "./dedupeTable.ts"
import type { OpenRequest } from "./openRequest.ts"
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
  readonly deadLetters: DeadLetters | undefined
  /** What replies say of where they come from. */
  readonly origin: Origin
  /** Something new can be committed. */
  readonly onProgress: () => void
  /** There is room again for records of these partitions. */
  readonly onRoom: (partitions: ReadonlyArray<number>) => void
}

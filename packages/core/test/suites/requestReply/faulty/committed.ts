/** What a group committed for a partition. */
import type { Committed } from "../../../../src/memory/MemoryBroker.ts"
import { decode } from "../../../../src/responder/internal/commitMetadata.ts"
import type { Run } from "../../../../src/responder/internal/doneSet.ts"

/** The offset, and what is done above it. */
export const doneIn = (committed: Committed | undefined): readonly [number, ReadonlyArray<Run>] | undefined =>
  committed === undefined ? undefined : [committed.offset, decode(committed.offset, committed.metadata)]

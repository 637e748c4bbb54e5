/**
 * The in-memory broker, telling of every record that is written and every commit, and failing commits when asked to.
 */
import * as Effect from "effect/Effect"
import type { MemoryBroker } from "../../memory/MemoryBroker.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import { notLeader } from "../Fault.ts"
import type { EventLog } from "./eventLog.ts"

export interface WatchedBroker {
  readonly broker: MemoryBroker["Service"]
  /** The next commits of a group fail. */
  readonly failCommits: (group: string, times: number) => void
}

export const make = (inner: MemoryBroker["Service"], log: EventLog): WatchedBroker => {
  const failing = new Map<string, number>()

  const failureOf = (group: string): TransportError | undefined => {
    const left = failing.get(group) ?? 0
    if (left === 0) return undefined
    failing.set(group, left - 1)
    return notLeader
  }

  const broker: MemoryBroker["Service"] = {
    ...inner,
    append: (record) => broker.appendBatch(record, [record]),
    appendBatch: (partition, records) =>
      Effect.tap(inner.appendBatch(partition, records), (first) =>
        Effect.sync(() => {
          const written = inner.log(partition)?.read(first, records.length) ?? []
          for (const record of written) log.add({ _tag: "Written", record })
        })
      ),
    commit: (group, generation, offsets) =>
      Effect.suspend(() => {
        const failure = failureOf(group)
        return failure === undefined ? inner.commit(group, generation, offsets) : Effect.fail(failure)
      }).pipe(
        Effect.tap(() => Effect.sync(() => log.add({ _tag: "Committed", group, offsets, error: undefined }))),
        Effect.tapError((error) => Effect.sync(() => log.add({ _tag: "Committed", group, offsets, error })))
      )
  }
  return { broker, failCommits: (group, times) => void failing.set(group, times) }
}

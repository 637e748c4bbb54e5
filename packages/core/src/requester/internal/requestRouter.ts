/**
 * Which partition each request of a topic goes to: the one of its key, else in turn.
 *
 * The number of partitions is kept here, refreshed now and then: adding partitions moves keys, which breaks their order
 * and the per-instance deduplication for a moment, so a change is logged.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Supervised from "../../host/Supervised.ts"
import type { Publisher } from "../../publisher/Publisher.ts"
import { partitionOf } from "../../protocol/partitioner.ts"

export interface RequestRouter {
  readonly topic: string
  /** The partition for a record; retries of reads may go elsewhere: `shift` turns the choice by so many partitions. */
  readonly route: (key: Uint8Array | null, shift: number) => number
}

export const make = Effect.fnUntraced(function* (
  topic: string,
  initial: number,
  publisher: Publisher
): Effect.fn.Return<RequestRouter, never, Scope.Scope> {
  let partitions = initial
  let next = 0
  const refresh = Effect.gen(function* () {
    const found = yield* publisher.partitions(topic)
    if (found === partitions) return
    yield* Effect.logWarning(
      `topic ${topic} has ${found} partitions now, it had ${partitions}: keys move to other partitions`
    )
    partitions = found
  })
  yield* Supervised.fork(
    `the look at the partitions of ${topic}`,
    refresh.pipe(Effect.ignore, Effect.delay("30 seconds"), Effect.forever)
  )
  return {
    topic,
    route: (key, shift) => {
      if (key !== null) return (partitionOf(key, partitions) + shift) % partitions
      if (next >= partitions) next = 0
      return next++
    }
  }
})

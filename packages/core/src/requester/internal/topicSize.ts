/**
 * The number of partitions of a topic, as it changes.
 *
 * Adding partitions moves keys, which breaks their order and the per-instance deduplication for a moment, so a change is
 * logged.
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Supervised from "../../host/Supervised.ts"
import type { Publisher } from "../../publisher/Publisher.ts"

export interface TopicSize {
  readonly topic: string
  readonly partitions: () => number
  /** The broker has told so many. */
  readonly learn: (partitions: number) => void
}

/** Follows the topic as long as the scope is open: by the publisher's metadata, and by what `learn` is told. */
export const watch = Effect.fnUntraced(function* (
  topic: string,
  initial: number,
  publisher: Publisher
): Effect.fn.Return<TopicSize, never, Scope.Scope> {
  let partitions = initial
  let told = initial
  const learnt = yield* Queue.sliding<number>(1)
  const look = Effect.raceFirst(
    Queue.take(learnt),
    // The metadata is at hand; nobody is asked for it here.
    Effect.delay(
      Effect.suspend(() => publisher.partitions(topic)),
      "5 seconds"
    )
  )
  const follow = Effect.gen(function* () {
    partitions = yield* look
    if (partitions === told) return
    const before = told
    told = partitions
    yield* Effect.logWarning(
      `topic ${topic} has ${partitions} partitions now, it had ${before}: keys move to other partitions`
    )
  })
  yield* Supervised.fork(`the look at the partitions of ${topic}`, Effect.forever(Effect.ignore(follow)))
  return {
    topic,
    partitions: () => partitions,
    learn: (found) => {
      if (found === partitions || found < 1) return
      partitions = found
      Queue.offerUnsafe(learnt, found)
    }
  }
})

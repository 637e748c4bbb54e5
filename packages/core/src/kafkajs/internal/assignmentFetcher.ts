/**
 * Fetches the partitions of one assignment and hands their records over.
 *
 * Outline: one loop per leader long polls for those of its partitions that are not paused; a loop without any waits to be
 * woken, and one whose partitions move is woken in the middle of a poll. Partitions without a known leader have a loop of
 * their own, which fetches metadata. What a consumer does not take is kept, and handed over again when it resumes; so is
 * everything while the membership may be over.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type { EventLoop } from "../../host/EventLoop.ts"
import { partitionKey, type TopicPartition } from "../../kafka/KafkaRecord.ts"
import type { AssignedPartition, JoinGroup } from "../../kafka/Transport.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { type FetchedPartition, fetchFrom, listOffset } from "./fetchRequest.ts"
import { handOver, inOrder, type Piece } from "./handOver.ts"
import { Outage } from "./outage.ts"
import type { SkippedOffsets } from "./skippedOffsets.ts"
import { offsetOutOfRange } from "./errorCode.ts"

interface Owned extends TopicPartition {
  /** A topic made anew under the same name is another one, and not fetched from. */
  readonly topicId: string | undefined
  /** The next offset to fetch. */
  position: number
  isPaused: boolean
  /** Fetched and not taken yet. */
  rest: ReadonlyArray<Piece>
}

export interface AssignmentFetcher {
  readonly pause: (partition: TopicPartition) => void
  readonly resume: (partition: TopicPartition) => void
  /** Hands over what was kept while there was no lease. */
  readonly handOverAll: () => void
  readonly stop: () => void
}

export interface FetcherOptions {
  readonly client: ClusterClient
  readonly eventLoop: EventLoop
  readonly join: JoinGroup
  readonly assigned: ReadonlyArray<AssignedPartition>
  /** Whose connections are used. */
  readonly purpose: string
  readonly skipped: SkippedOffsets
  /** Whether the partitions are surely ours now: without a lease nothing is handed over. */
  readonly isLeased: () => boolean
}

const errorsLast = (a: FetchedPartition, b: FetchedPartition): number =>
  Number(a.errorCode !== 0) - Number(b.errorCode !== 0)

/** Runs in the given scope: fetching ends, and nothing more is handed over, when it closes. */
export const make = Effect.fnUntraced(function* ({
  assigned,
  client,
  eventLoop,
  isLeased,
  join,
  purpose,
  skipped
}: FetcherOptions): Effect.fn.Return<AssignmentFetcher, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const scope = yield* Effect.scope
  let isStopped = false
  let changed = Deferred.makeUnsafe<void>()
  // Never committed: the first record. A log that starts later answers "out of range", which leads to the earliest.
  const owned = new Map(
    assigned.map(({ committed = 0, partition, topic }): [string, Owned] => {
      const topicId = client.metadata.topicIdOf(topic)
      const entry: Owned = { topic, partition, topicId, position: committed, isPaused: false, rest: [] }
      return [partitionKey(entry), entry]
    })
  )
  const leaderOf = ({ partition, topic }: Owned) => client.metadata.leaderOf(topic, partition)

  const wake = () => {
    Deferred.doneUnsafe(changed, Exit.void)
    changed = Deferred.makeUnsafe<void>()
  }

  const deliver = (entry: Owned) => {
    if (isStopped || entry.isPaused || entry.rest.length === 0 || !isLeased()) return
    const pieces = entry.rest
    entry.rest = []
    entry.rest = handOver(pieces, join)
    if (entry.rest.length > 0) entry.isPaused = true
  }

  const accept = Effect.fnUntraced(function* (fetched: FetchedPartition) {
    const entry = owned.get(partitionKey(fetched))
    // Elsewhere it may have been read on: a leader of before answers when it likes.
    if (entry === undefined || entry.position !== fetched.from) return
    if (fetched.errorCode === offsetOutOfRange) {
      const earliest = yield* listOffset(client, entry, "earliest")
      // Never committed is no place to move from.
      if (entry.position > 0) {
        const isDeleted = earliest > entry.position
        const cause = isDeleted ? "the records before it are deleted" : "the log was cut off (unclean election)"
        yield* skipped.skipped(entry, entry.position, earliest, cause)
      }
      entry.position = earliest
      return
    }
    yield* client.failOnCode(fetched.errorCode, fetched.topic)
    for (const { firstOffset, lastOffset, reason } of fetched.unreadable) {
      yield* skipped.skipped(entry, firstOffset, lastOffset + 1, reason)
    }
    entry.position = fetched.next
    entry.rest = inOrder(fetched.records, fetched.unreadable)
    deliver(entry)
  })

  const loops = new Set<number>()
  const startLoops: Effect.Effect<void> = Effect.suspend(() => {
    const missing = [...new Set(Array.from(owned.values(), leaderOf))].filter((leader) => !loops.has(leader))
    for (const leader of missing) loops.add(leader)
    return Effect.forEach(missing, (leader) => Effect.forkIn(loop(leader), scope), { discard: true })
  })
  const refresh = Effect.ignore(client.refresh).pipe(Effect.andThen(startLoops), Effect.andThen(Effect.sync(wake)))

  const loop = (leader: number): Effect.Effect<never> => {
    const outage = new Outage(clock, `reading for group ${join.groupId}`)
    let turn = 0
    let led: ReadonlyArray<Owned> = []
    const isLed = (entry: Owned): boolean => leaderOf(entry) === leader
    const round = Effect.suspend((): Effect.Effect<void, TransportError> => {
      const hasMoved = !led.every(isLed)
      led = Array.from(owned.values()).filter(isLed)
      // Heartbeats and commits look at the metadata too: without an error here nobody else would start to read there.
      if (hasMoved) return Effect.andThen(startLoops, Effect.sync(wake))
      const wanted = isStopped ? [] : led.filter((entry) => !entry.isPaused && entry.rest.length === 0)
      if (wanted.length === 0) return Effect.andThen(outage.worked, Deferred.await(changed))
      // A broker fills its answer in the order asked (KIP-74): everyone comes first in turn.
      wanted.push(...wanted.splice(0, turn++ % wanted.length))
      const hasMovedOn = client.metadata.until(() => !wanted.every(isLed)).pipe(Effect.as([]))
      return Effect.raceFirst(fetchFrom(client, leader, purpose, wanted), hasMovedOn).pipe(
        // Errors last, for what came with them is good.
        Effect.flatMap((fetched) => Effect.forEach([...fetched].sort(errorsLast), accept, { discard: true })),
        Effect.andThen(outage.worked)
      )
    })
    return round.pipe(
      Effect.catch((error) => Effect.andThen(Effect.raceFirst(outage.failed(error), client.metadata.change), refresh)),
      // A defect here is a bug of the callback or of kafkajs; it must not end the loop.
      Effect.catchCause((cause) =>
        Effect.andThen(Effect.logError(`reading for group ${join.groupId}`, cause), Effect.sleep(500))
      ),
      Effect.forever
    )
  }

  const stop = () => {
    isStopped = true
  }
  yield* Effect.addFinalizer(() => Effect.sync(stop))
  yield* startLoops

  return {
    stop,
    handOverAll: () => {
      for (const entry of owned.values()) deliver(entry)
      wake()
    },
    pause: (partition) => {
      const entry = owned.get(partitionKey(partition))
      if (entry !== undefined) entry.isPaused = true
    },
    resume: (partition) => {
      const entry = owned.get(partitionKey(partition))
      if (entry === undefined) return
      entry.isPaused = false
      eventLoop.nextTurn(() => {
        deliver(entry)
        wake()
      })
    }
  }
})

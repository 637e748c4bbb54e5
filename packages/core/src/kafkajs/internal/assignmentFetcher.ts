/**
 * Fetches the partitions of one assignment and hands their records over.
 *
 * Outline: one loop per leader long polls for those of its partitions that are not paused; a loop without any waits to be
 * woken. Partitions without a known leader have a loop of their own, which fetches metadata. What a consumer does not
 * take is kept, and handed over again when it resumes.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type { EventLoop } from "../../host/EventLoop.ts"
import type { TopicPartition } from "../../kafka/KafkaRecord.ts"
import type { AssignedPartition, JoinGroup } from "../../kafka/Transport.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { type FetchedPartition, fetchFrom, listOffset } from "./fetchRequest.ts"
import { handOver, inOrder, type Piece } from "./handOver.ts"
import { Outage } from "./outage.ts"

interface Owned extends TopicPartition {
  /** The next offset to fetch. */
  position: number
  isPaused: boolean
  /** Fetched and not taken yet. */
  rest: ReadonlyArray<Piece>
}

export interface AssignmentFetcher {
  readonly pause: (partition: TopicPartition) => void
  readonly resume: (partition: TopicPartition) => void
  readonly stop: () => void
}

const offsetOutOfRange = 1
const keyOf = ({ partition, topic }: TopicPartition): string => `${partition}:${topic}`

const errorsLast = (a: FetchedPartition, b: FetchedPartition): number =>
  Number(a.errorCode !== 0) - Number(b.errorCode !== 0)

/** Runs in the given scope: fetching ends, and nothing more is handed over, when it closes. */
export const make = Effect.fnUntraced(function* (
  client: ClusterClient,
  eventLoop: EventLoop,
  join: JoinGroup,
  assigned: ReadonlyArray<AssignedPartition>
): Effect.fn.Return<AssignmentFetcher, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const scope = yield* Effect.scope
  let isStopped = false
  let changed = Deferred.makeUnsafe<void>()
  // Never committed: the first record. A log that starts later answers "out of range", which leads to the earliest.
  const owned = new Map(
    assigned.map(({ committed = 0, partition, topic }): [string, Owned] => {
      const entry: Owned = { topic, partition, position: committed, isPaused: false, rest: [] }
      return [keyOf(entry), entry]
    })
  )
  const leaderOf = ({ partition, topic }: Owned) => client.metadata.leaderOf(topic, partition)

  const wake = () => {
    Deferred.doneUnsafe(changed, Exit.void)
    changed = Deferred.makeUnsafe<void>()
  }

  const deliver = (entry: Owned) => {
    if (isStopped || entry.isPaused || entry.rest.length === 0) return
    const pieces = entry.rest
    entry.rest = []
    entry.rest = handOver(pieces, join)
    if (entry.rest.length > 0) entry.isPaused = true
  }

  const accept = Effect.fnUntraced(function* (fetched: FetchedPartition) {
    const entry = owned.get(keyOf(fetched))
    // Elsewhere it may have been read on: a leader of before answers when it likes.
    if (entry === undefined || entry.position !== fetched.from) return
    if (fetched.errorCode === offsetOutOfRange) {
      entry.position = yield* listOffset(client, entry, "earliest")
      return
    }
    yield* client.failOnCode(fetched.errorCode, fetched.topic)
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
      return fetchFrom(client, leader, wanted).pipe(
        // Errors last, for what came with them is good.
        Effect.flatMap((fetched) => Effect.forEach([...fetched].sort(errorsLast), accept, { discard: true })),
        Effect.andThen(outage.worked)
      )
    })
    return round.pipe(
      Effect.catch((error) => Effect.andThen(outage.failed(error), refresh)),
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
    pause: (partition) => {
      const entry = owned.get(keyOf(partition))
      if (entry !== undefined) entry.isPaused = true
    },
    resume: (partition) => {
      const entry = owned.get(keyOf(partition))
      if (entry === undefined) return
      entry.isPaused = false
      eventLoop.nextTurn(() => {
        deliver(entry)
        wake()
      })
    }
  }
})

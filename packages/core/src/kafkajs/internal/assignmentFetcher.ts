/**
 * Fetches the partitions of one assignment and delivers their records.
 *
 * Outline: one loop per leader long polls for those of its partitions that are not paused. A loop without such partitions
 * waits; a loop whose partitions move to another leader ends its poll. Partitions without a known leader share a loop that
 * fetches metadata. Before the first fetch from a new leader, the loop asks it whether its log still has the records that were
 * read before (`readEpoch.ts`). Records that the consumer does not take are kept, and delivered again when it resumes; so are
 * all records while the membership may be over.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { EventLoop } from "../../host/EventLoop.ts"
import { partitionKey, type TopicPartition } from "../../kafka/KafkaRecord.ts"
import type { AssignedPartition, JoinGroup } from "../../kafka/Transport.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { type FetchedPartition, fetchFrom, listOffset } from "./fetchRequest.ts"
import { Outage } from "./outage.ts"
import { OwnedPartition } from "./ownedPartition.ts"
import { epochEnds } from "./readEpoch.ts"
import type { SkippedOffsets } from "./skippedOffsets.ts"
import { offsetOutOfRange } from "./errorCode.ts"

export interface FetcherOptions {
  readonly client: ClusterClient
  readonly eventLoop: EventLoop
  readonly join: JoinGroup
  readonly assigned: ReadonlyArray<AssignedPartition>
  /** The purpose of the connections used. */
  readonly purpose: string
  readonly skipped: SkippedOffsets
  /** Whether the partitions surely belong to this member now: without a lease no records are delivered. */
  readonly isLeased: () => boolean
}

const defectPauseMillis = 500
const cutOff = "the log was cut off (unclean election)"

const errorsLast = (a: FetchedPartition, b: FetchedPartition): number =>
  Number(a.errorCode !== 0) - Number(b.errorCode !== 0)

/** The state of one leader's loop between rounds. */
interface Rounds {
  readonly leader: number
  readonly outage: Outage
  turn: number
  led: ReadonlyArray<OwnedPartition>
}

export class AssignmentFetcher {
  readonly #options: FetcherOptions
  readonly #clock: Clock.Clock
  readonly #scope: Scope.Scope
  readonly #owned: ReadonlyMap<string, OwnedPartition>
  readonly #loops = new Set<number>()
  #isStopped = false
  #changed = Deferred.makeUnsafe<void>()

  constructor(options: FetcherOptions, clock: Clock.Clock, scope: Scope.Scope) {
    this.#options = options
    this.#clock = clock
    this.#scope = scope
    const { assigned, client } = options
    this.#owned = new Map(
      assigned.map((one) => [partitionKey(one), new OwnedPartition(one, client.metadata.topicIdOf(one.topic))])
    )
  }

  // --- what the consumer asks for ---

  pause(partition: TopicPartition): void {
    const owned = this.#owned.get(partitionKey(partition))
    if (owned !== undefined) owned.isPaused = true
  }

  resume(partition: TopicPartition): void {
    const owned = this.#owned.get(partitionKey(partition))
    if (owned === undefined) return
    owned.isPaused = false
    this.#options.eventLoop.nextTurn(() => {
      this.#deliver(owned)
      this.#wake()
    })
  }

  /** Delivers the records that were kept while there was no lease. */
  handOverAll(): void {
    for (const owned of this.#owned.values()) this.#deliver(owned)
    this.#wake()
  }

  stop(): void {
    this.#isStopped = true
  }

  // --- loops ---

  /** Starts a loop for each present leader that has none. */
  get startLoops(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const leaders = new Set(Array.from(this.#owned.values(), (owned) => this.#leaderOf(owned)))
      const missing = [...leaders].filter((leader) => !this.#loops.has(leader))
      for (const leader of missing) this.#loops.add(leader)
      return Effect.forEach(missing, (leader) => Effect.forkIn(this.#loop(leader), this.#scope), { discard: true })
    })
  }

  #loop(leader: number): Effect.Effect<never> {
    const { client, join } = this.#options
    const rounds: Rounds = { leader, outage: new Outage(this.#clock, this.#activity), turn: 0, led: [] }
    return Effect.suspend(() => this.#round(rounds)).pipe(
      Effect.catch((error) =>
        Effect.raceFirst(rounds.outage.failed(error), client.metadata.change).pipe(
          Effect.andThen(Effect.ignore(client.refresh)),
          Effect.andThen(this.#restart)
        )
      ),
      // A defect here is a bug of the callback or of kafkajs; it must not end the loop.
      Effect.catchCause((cause) =>
        Effect.andThen(Effect.logError(`reading for group ${join.groupId}`, cause), Effect.sleep(defectPauseMillis))
      ),
      Effect.forever
    )
  }

  #round(rounds: Rounds): Effect.Effect<void, TransportError> {
    const isLed = (owned: OwnedPartition): boolean => this.#leaderOf(owned) === rounds.leader
    const hasMoved = !rounds.led.every(isLed)
    rounds.led = Array.from(this.#owned.values()).filter(isLed)
    // Heartbeats and commits refresh the metadata too. Then no fetch fails, and only this starts the loop of the new leader.
    if (hasMoved) return this.#restart
    const wanted = this.#isStopped ? [] : rounds.led.filter((owned) => owned.isWanted)
    if (wanted.length === 0) return Effect.andThen(rounds.outage.worked, Deferred.await(this.#changed))
    // A broker fills its answer in the order of the request (KIP-74), so each partition comes first in turn.
    wanted.push(...wanted.splice(0, rounds.turn++ % wanted.length))
    const { metadata } = this.#options.client
    return this.#check(rounds.leader, wanted).pipe(
      Effect.andThen(Effect.suspend(() => this.#fetch(rounds.leader, wanted))),
      Effect.raceFirst(metadata.until(() => !wanted.every(isLed))),
      Effect.andThen(rounds.outage.worked)
    )
  }

  /** Asks a leader that is new to some of the positions for the ends of the epochs they were read in. */
  #check(leader: number, wanted: ReadonlyArray<OwnedPartition>): Effect.Effect<void, TransportError> {
    const { client, purpose, skipped } = this.#options
    const asked = wanted.flatMap((owned) => {
      const { partition, topic } = owned
      const leaderEpoch = client.metadata.leaderEpochOf(topic, partition)
      const epoch = owned.epoch.questionTo(leaderEpoch)
      return epoch === undefined ? [] : [{ owned, topic, partition, epoch, leaderEpoch }]
    })
    if (asked.length === 0) return Effect.void
    return Effect.gen(function* () {
      const ends = new Map((yield* epochEnds(client, leader, purpose, asked)).map((end) => [partitionKey(end), end]))
      for (const { leaderEpoch, owned } of asked) {
        const { endOffset = -1 } = ends.get(partitionKey(owned)) ?? {}
        owned.epoch.goodIn(leaderEpoch)
        if (endOffset < 0 || endOffset >= owned.position) continue
        yield* skipped.skipped(owned, owned.position, endOffset, cutOff)
        owned.moveTo(endOffset)
      }
    })
  }

  #fetch(leader: number, wanted: ReadonlyArray<OwnedPartition>): Effect.Effect<void, TransportError> {
    const { client, purpose } = this.#options
    return Effect.flatMap(fetchFrom(client, leader, purpose, wanted), (fetched) =>
      // Errors come last: the records of the other partitions are good.
      Effect.forEach([...fetched].sort(errorsLast), (one) => this.#accept(one), { discard: true })
    )
  }

  #accept(fetched: FetchedPartition): Effect.Effect<void, TransportError> {
    const owned = this.#owned.get(partitionKey(fetched))
    // A former leader may answer late, when the partition was read further at the new one.
    if (owned === undefined || owned.position !== fetched.from) return Effect.void
    if (fetched.errorCode === offsetOutOfRange) return this.#relocate(owned)
    const { client, skipped } = this.#options
    return client.failOnCode(fetched.errorCode, fetched.topic).pipe(
      Effect.andThen(
        Effect.forEach(fetched.unreadable, ({ firstOffset, lastOffset, reason }) =>
          skipped.skipped(owned, firstOffset, lastOffset + 1, reason)
        )
      ),
      Effect.andThen(
        Effect.sync(() => {
          owned.accept(fetched)
          this.#deliver(owned)
        })
      )
    )
  }

  /** The position is not in the log. */
  #relocate(owned: OwnedPartition): Effect.Effect<void, TransportError> {
    const { client, skipped } = this.#options
    return Effect.gen(function* () {
      const earliest = yield* listOffset(client, owned, "earliest")
      // Position 0 stands for "never committed": nothing is skipped.
      if (owned.position > 0) {
        const cause = earliest > owned.position ? "the records before it are deleted" : cutOff
        yield* skipped.skipped(owned, owned.position, earliest, cause)
      }
      owned.moveTo(earliest)
    })
  }

  #leaderOf({ partition, topic }: OwnedPartition): number {
    return this.#options.client.metadata.leaderOf(topic, partition)
  }

  #deliver(owned: OwnedPartition): void {
    if (!this.#isStopped && this.#options.isLeased()) owned.deliver(this.#options.join)
  }

  get #restart(): Effect.Effect<void> {
    return Effect.andThen(
      this.startLoops,
      Effect.sync(() => this.#wake())
    )
  }

  get #activity(): string {
    return `reading for group ${this.#options.join.groupId}`
  }

  #wake(): void {
    Deferred.doneUnsafe(this.#changed, Exit.void)
    this.#changed = Deferred.makeUnsafe<void>()
  }
}

/** Runs in the given scope: fetching ends, and nothing more is handed over, when it closes. */
export const make = Effect.fnUntraced(function* (
  options: FetcherOptions
): Effect.fn.Return<AssignmentFetcher, never, Scope.Scope> {
  const fetcher = new AssignmentFetcher(options, yield* Clock.Clock, yield* Effect.scope)
  yield* Effect.addFinalizer(() => Effect.sync(() => fetcher.stop()))
  yield* fetcher.startLoops
  return fetcher
})

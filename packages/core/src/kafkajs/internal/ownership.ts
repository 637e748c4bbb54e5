/**
 * A member's ownership of partitions: it fetches and delivers their records, knows until when they are surely its own, and
 * commits their offsets. `groupMember.ts` decides when it begins and ends.
 *
 * A commit carries its generation, and only partitions of that generation (against L5: a late commit sets the next owner
 * back). A commit that the coordinator refuses while a join is pending is made again in the generation after it. Only
 * offsets that the caller commits are committed (L6). Records are delivered only under a lease: a process that was frozen
 * first asks its coordinator whether it is still a member.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Scope from "effect/Scope"
import type { EventLoop } from "../../host/EventLoop.ts"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import { partitionKey, type TopicPartition } from "../../kafka/KafkaRecord.ts"
import type { AssignedPartition, JoinGroup, OffsetCommit } from "../../kafka/Transport.ts"
import { because, type TransportError, Unavailable } from "../../kafka/TransportError.ts"
import * as AssignmentFetcher from "./assignmentFetcher.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { isOver } from "./coordinator.ts"
import type { Generation, GroupMembership } from "./groupMembership.ts"
import { SkippedOffsets } from "./skippedOffsets.ts"

export interface OwnershipOptions {
  readonly client: ClusterClient
  readonly eventLoop: EventLoop
  readonly clock: Clock.Clock
  readonly join: JoinGroup
  readonly membership: GroupMembership
  /** The purpose of the connections used for fetches. */
  readonly purpose: string
}

// The lease ends this long before the session: a message to the broker, or this process, may be late.
const leaseMarginMillis = 1_000
const slowCommitMillis = 1_000

export class Ownership {
  readonly #options: OwnershipOptions
  readonly #skipped = new SkippedOffsets()
  /** Open while no join is pending under it. */
  readonly #joined = Latch.makeUnsafe(true)
  #generation: Generation | undefined
  #owned: ReadonlyMap<string, AssignedPartition> = new Map()
  #fetcher: AssignmentFetcher.AssignmentFetcher | undefined
  #fetching: Scope.Closeable | undefined
  #isFetching = true
  // A failed commit is logged once until one works again: `brokerWatch` already reports the broker.
  #isGivenUp = false
  /** When the lease ends, on the monotonic clock. */
  leaseUntil = Number.NEGATIVE_INFINITY

  constructor(options: OwnershipOptions) {
    this.#options = options
  }

  // --- its course ---

  /** Reports the assignment, and begins to fetch it. */
  begin(generation: Generation, assigned: ReadonlyArray<AssignedPartition>): Effect.Effect<void> {
    const { client, eventLoop, join, purpose } = this.#options
    return Effect.gen({ self: this }, function* () {
      this.#generation = generation
      this.#owned = new Map(assigned.map((one) => [partitionKey(one), one]))
      this.renew(generation.since)
      join.onAssigned(assigned)
      const scope = yield* Scope.make()
      this.#fetching = scope
      const isLeased = () => this.isLeased
      const options = { client, eventLoop, join, assigned, purpose, skipped: this.#skipped, isLeased }
      this.#fetcher = yield* Scope.provide(AssignmentFetcher.make(options), scope)
      if (!this.#isFetching) this.#fetcher.stop()
    })
  }

  /**
   * Joins again while everything stays owned, and goes on in the generation that comes of it, if any. The coordinator is in
   * that generation before its answer is here: commits that it refuses meanwhile wait for the end of this.
   */
  joining(join: Effect.Effect<Generation | undefined>): Effect.Effect<Generation | undefined> {
    return Effect.suspend(() => {
      this.#joined.closeUnsafe()
      return join
    }).pipe(
      Effect.tap((next) => Effect.sync(() => next !== undefined && this.#goOn(next))),
      Effect.ensuring(this.#joined.open)
    )
  }

  #goOn(next: Generation): void {
    // A member that cannot keep its partitions has joined: others may own these by now.
    if (!next.isCooperative) return this.end()
    this.#generation = next
    this.renew(next.since)
  }

  /** Stops delivering; commits still work. */
  get halt(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const scope = this.#fetching
      this.#fetcher?.stop()
      this.#fetcher = undefined
      this.#fetching = undefined
      return scope === undefined ? Effect.void : Scope.close(scope, Exit.void)
    })
  }

  /** The group has a new generation: records in hand belong to the next owners. */
  end(): void {
    this.#generation = undefined
  }

  /** Whether an owned partition is not among these, or its topic was deleted and created again. */
  loses(partitions: ReadonlyArray<TopicPartition>): boolean {
    const left = new Set(partitions.map(partitionKey))
    return [...this.#owned.values()].some((one) => !left.has(partitionKey(one)) || !this.#isSameTopic(one))
  }

  isSame(partitions: ReadonlyArray<TopicPartition>): boolean {
    return partitions.length === this.#owned.size && !this.loses(partitions)
  }

  // --- the lease ---

  get isLeased(): boolean {
    return this.#now < this.leaseUntil
  }

  /** Extends the lease: the coordinator has answered a message that was sent at this time. */
  renew(sentAt: number): void {
    const hadLapsed = !this.isLeased
    const until = sentAt + this.#options.membership.sessionTimeoutMillis - leaseMarginMillis
    this.leaseUntil = Math.max(this.leaseUntil, until)
    if (hadLapsed) this.#fetcher?.handOverAll()
  }

  // --- what the consumer asks for ---

  pause(partition: TopicPartition): void {
    this.#fetcher?.pause(partition)
  }

  resume(partition: TopicPartition): void {
    this.#fetcher?.resume(partition)
  }

  /** For good. */
  stopFetching(): void {
    this.#isFetching = false
    this.#fetcher?.stop()
  }

  commit(offsets: ReadonlyArray<OffsetCommit>): Effect.Effect<void, TransportError> {
    const { join, membership } = this.#options
    const generation = this.#generation
    if (generation === undefined || !offsets.every((one) => this.#isOwned(one))) {
      const detail = `the assignment these commits of group ${join.groupId} belong to is over`
      return Effect.fail(because(new Unavailable({ code: "ILLEGAL_GENERATION", detail })))
    }
    const owned = this.#owned
    const startedAt = this.#now
    return membership.offsets.commit(generation, offsets).pipe(
      Effect.tap(() => Effect.sync(() => (this.#isGivenUp = false))),
      Effect.catchIf(isOver, (error) => this.#commitAfter(generation, owned, offsets, error)),
      Effect.tapError((error) => (isOver(error) ? Effect.void : this.#giveUp(offsets, error.message))),
      // The caller that interrupts a commit makes it again.
      Effect.onInterrupt(() =>
        this.#now - startedAt < slowCommitMillis ? Effect.void : this.#giveUp(offsets, "the time for it is over")
      )
    )
  }

  /** What was refused for its generation is committed in the next one, if what is owned lives to see it. */
  #commitAfter(
    generation: Generation,
    owned: ReadonlyMap<string, AssignedPartition>,
    offsets: ReadonlyArray<OffsetCommit>,
    refusal: TransportError
  ): Effect.Effect<void, TransportError> {
    return this.#joined.await.pipe(
      Effect.timeoutOption(this.#options.membership.sessionTimeoutMillis),
      Effect.flatMap(() => {
        // Another ownership of the same partitions may be further on: its offsets would be taken back.
        const isContinued = this.#generation !== generation && this.#owned === owned
        return isContinued ? this.commit(offsets) : Effect.fail(refusal)
      })
    )
  }

  #giveUp(offsets: ReadonlyArray<OffsetCommit>, reason: string): Effect.Effect<void> {
    if (this.#isGivenUp) return Effect.void
    this.#isGivenUp = true
    const what = offsets.map(({ offset, partition, topic }) => `${topic}-${partition} at ${offset}`).join(", ")
    const { groupId } = this.#options.join
    return Effect.logWarning(`group ${groupId}: not committed: ${what}; it is delivered again (${reason})`)
  }

  #isOwned(partition: TopicPartition): boolean {
    const owned = this.#owned.get(partitionKey(partition))
    return owned !== undefined && this.#isSameTopic(owned)
  }

  /** An offset means nothing after its topic was deleted and created again. */
  #isSameTopic({ topic, topicId }: AssignedPartition): boolean {
    return topicId === this.#options.client.metadata.topicIdOf(topic)
  }

  get #now(): number {
    return monotonicMillis(this.#options.clock)
  }
}

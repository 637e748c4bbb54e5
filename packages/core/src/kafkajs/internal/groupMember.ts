/**
 * A group member from joining to leaving.
 *
 * Outline:
 *   1. join; ask what the group committed; tell the assignment; fetch
 *   2. heartbeats tell that the ownership is over → stop handing over, run `onRevoking` (bounded), join again; commits of
 *      what was in hand are made until the group has gone on
 *   3. joining fails → wait a little and join again, for ever; only the first join's failure is the caller's
 *
 * Commits carry the generation they belong to, and only partitions of it (against L5: a late commit that takes the next
 * owner back). Nothing is ever committed that the caller did not commit (L6). Nothing is handed over without a lease: a
 * process that was frozen first hears from its coordinator whether it is still a member.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { EventLoop } from "../../host/EventLoop.ts"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { TopicPartition } from "../../kafka/KafkaRecord.ts"
import type { AssignedPartition, GroupMember, JoinGroup, OffsetCommit } from "../../kafka/Transport.ts"
import { because, TransportClosed, type TransportError, Unavailable } from "../../kafka/TransportError.ts"
import * as AssignmentFetcher from "./assignmentFetcher.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { isOver } from "./coordinator.ts"
import { type Generation, make as makeMembership } from "./groupMembership.ts"
import { Outage } from "./outage.ts"
import { SkippedOffsets } from "./skippedOffsets.ts"

// The first join may have to wait for a coordinator whose topic is being created, and for the other members.
const firstJoinMillis = 30_000
const committedTries = 10
const committedPauseMillis = 200
// Of a session, at its end: what a message to the broker and a scheduling of ours may take.
const leaseMarginMillis = 1_000
const slowCommitMillis = 1_000

let members = 0

const isRetryable = (error: TransportError): boolean => error.isRetryable

export const joinGroup = Effect.fnUntraced(function* (
  client: ClusterClient,
  join: JoinGroup
): Effect.fn.Return<GroupMember, TransportError, Scope.Scope> {
  const { groupId } = join
  const clock = yield* Clock.Clock
  const eventLoop = yield* EventLoop
  const scope = yield* Effect.scope
  const name = `${groupId} ${members++}`
  const membership = yield* makeMembership(client, join, name)
  const purpose = `fetch ${name}`
  const skipped = new SkippedOffsets()

  let generation: Generation | undefined
  let fetcher: AssignmentFetcher.AssignmentFetcher | undefined
  let session: Fiber.Fiber<never> | undefined
  let owned: ReadonlyArray<AssignedPartition> = []
  let isFetching = true
  let hasLeft = false
  // On the monotonic clock.
  let leaseUntil = Number.NEGATIVE_INFINITY
  const renew = (sentAt: number) => {
    const hadLapsed = monotonicMillis(clock) >= leaseUntil
    leaseUntil = sentAt + membership.sessionTimeoutMillis - leaseMarginMillis
    if (hadLapsed) fetcher?.handOverAll()
  }
  const isLeased = () => monotonicMillis(clock) < leaseUntil

  const topicsExist = Effect.gen(function* () {
    for (const topic of join.topics) client.metadata.register(topic)
    yield* client.refresh
    for (const topic of join.topics) {
      if (client.metadata.partitions(topic) === undefined) yield* client.withoutTopic(topic)
    }
  })
  yield* client.untilStarted(topicsExist)

  const leave = Effect.suspend(() => {
    if (hasLeft) return Effect.void
    hasLeft = true
    fetcher?.stop()
    return Effect.gen(function* () {
      if (session !== undefined) yield* Fiber.interrupt(session)
      generation = undefined
      yield* membership.leave
      client.release(purpose)
    }).pipe(Effect.uninterruptible)
  })
  // Before the first join: whoever is interrupted in it must not stay in the group until its session is over.
  yield* Effect.addFinalizer(() => leave)

  const takePart = Effect.gen(function* () {
    const joined = yield* membership.join
    // The group has gone on: what was in hand is the business of the next owners.
    generation = undefined
    // Joining again for its sake would cost the whole group a rebalance.
    const assigned = yield* membership
      .committed(joined)
      .pipe(
        Effect.retry({ times: committedTries, schedule: Schedule.spaced(committedPauseMillis), while: isRetryable })
      )
    return { joined, assigned }
  })

  /** Waits for `onRevoking` no longer than promised, even if it cannot be interrupted. */
  const letGo = Effect.gen(function* () {
    const revoking = yield* join.onRevoking.pipe(
      Effect.catchCause((cause) => Effect.logError(`letting go of the partitions of group ${groupId}`, cause)),
      Effect.forkIn(scope)
    )
    yield* Effect.timeoutOption(Fiber.await(revoking), join.revokeTimeoutMillis)
    revoking.interruptUnsafe()
  })

  /** One ownership, from its assignment to the end of its revocation. */
  const own = Effect.fnUntraced(function* ({ assigned, joined }: Effect.Success<typeof takePart>) {
    const ownership = yield* Scope.make()
    const reason = yield* Effect.gen(function* () {
      generation = joined
      owned = assigned
      renew(joined.since)
      join.onAssigned(assigned)
      const fetching = { client, eventLoop, join, assigned, purpose, skipped, isLeased }
      fetcher = yield* AssignmentFetcher.make(fetching).pipe(Scope.provide(ownership))
      if (!isFetching) fetcher.stop()
      Deferred.doneUnsafe(joinedOnce, Exit.void)
      return yield* membership.stay(joined, renew)
    }).pipe(Effect.ensuring(Scope.close(ownership, Exit.void)))
    fetcher = undefined
    yield* Effect.logDebug(`group ${groupId}: ${reason}; joining again`)
    yield* letGo
  })

  const outage = new Outage(clock, `joining group ${groupId}`)
  const joinedOnce = Deferred.makeUnsafe<void, TransportError>()
  const first = yield* client.untilStarted(takePart, firstJoinMillis)
  const rejoin = takePart.pipe(
    Effect.tapError((error) => outage.failed(error)),
    Effect.retry(Schedule.forever),
    Effect.tap(() => outage.worked)
  )
  let taken: Effect.Success<typeof takePart> | undefined = first
  session = yield* Effect.suspend(() => {
    const part = taken === undefined ? rejoin : Effect.succeed(taken)
    taken = undefined
    return Effect.flatMap(part, own)
  }).pipe(
    // A defect is a bug of a callback or of kafkajs; the membership must outlive it.
    Effect.catchCause((cause) =>
      Effect.andThen(Effect.logError(`group ${groupId} starts over`, cause), Effect.sleep("1 second"))
    ),
    Effect.forever,
    Effect.forkScoped
  )
  yield* Deferred.await(joinedOnce)

  // Once until it works again: an outage is told by the broker's name already.
  let isGivenUp = false
  const giveUp = (offsets: ReadonlyArray<OffsetCommit>, reason: string) => {
    if (isGivenUp) return Effect.void
    isGivenUp = true
    const what = offsets.map(({ offset, partition, topic }) => `${topic}-${partition} at ${offset}`).join(", ")
    return Effect.logWarning(`group ${groupId}: not committed: ${what}; it is delivered again (${reason})`)
  }
  // An offset of a topic that was made anew since means nothing in the one of now.
  const isOwned = ({ partition, topic }: TopicPartition) =>
    owned.some(
      (one) => one.partition === partition && one.topic === topic && one.topicId === client.metadata.topicIdOf(topic)
    )
  const commit: GroupMember["commit"] = (offsets) =>
    Effect.suspend(() => {
      if (hasLeft) return Effect.fail(because(new TransportClosed()))
      const current = generation
      if (current === undefined || !offsets.every(isOwned)) {
        const detail = `the assignment these commits of group ${groupId} belong to is over`
        return Effect.fail(because(new Unavailable({ code: "ILLEGAL_GENERATION", detail })))
      }
      const startedAt = monotonicMillis(clock)
      return membership.commit(current, offsets).pipe(
        Effect.tap(() => Effect.sync(() => (isGivenUp = false))),
        Effect.tapError((error) => (isOver(error) ? Effect.void : giveUp(offsets, error.message))),
        // One that was interrupted on its way is made again by whoever interrupts it.
        Effect.onInterrupt(() =>
          monotonicMillis(clock) - startedAt < slowCommitMillis
            ? Effect.void
            : giveUp(offsets, "the time for it is over")
        )
      )
    })

  return {
    commit,
    pause: (partition) => fetcher?.pause(partition),
    resume: (partition) => fetcher?.resume(partition),
    leaseUntil: () => leaseUntil,
    stopFetching: Effect.sync(() => {
      isFetching = false
      fetcher?.stop()
    }),
    leave
  }
})

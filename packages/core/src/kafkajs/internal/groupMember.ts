/**
 * A group member from joining to leaving.
 *
 * Outline:
 *   1. join the group, ask for its committed offsets, report the assignment, fetch
 *   2. the group rebalances: join again, and keep reading all owned partitions while the join is pending; no other member can
 *      get them before this one has released them (KIP-429). The same assignment again changes nothing
 *   3. the assignment changes: stop delivering; if partitions were taken away, run `onRevoking` (within a time limit) and join
 *      once more, so that other members get them; report the new assignment, fetch
 *   4. the membership is lost, or the group has a member that cannot keep its partitions: stop delivering, run `onRevoking`,
 *      and only then join; records in hand can be committed until the group begins its next generation
 *   5. joining fails: wait a little and join again, for ever; only the first join's failure goes to the caller
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { EventLoop } from "../../host/EventLoop.ts"
import type { AssignedPartition, GroupMember, JoinGroup } from "../../kafka/Transport.ts"
import { because, TransportClosed, type TransportError } from "../../kafka/TransportError.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { isLost } from "./coordinator.ts"
import { type Generation, GroupMembership } from "./groupMembership.ts"
import { Outage } from "./outage.ts"
import { Ownership } from "./ownership.ts"

// The first join may have to wait for a coordinator whose topic is being created, and for the other members.
const firstJoinMillis = 30_000
const committedTries = 10
const committedPauseMillis = 200

let members = 0

const isRetryable = (error: TransportError): boolean => error.isRetryable

/** A new ownership, and what the group committed for it. */
interface Taken {
  readonly joined: Generation
  readonly assigned: ReadonlyArray<AssignedPartition>
}

class Member {
  readonly ownership: Ownership
  readonly membership: GroupMembership
  readonly #client: ClusterClient
  readonly #join: JoinGroup
  readonly #purpose: string
  readonly #outage: Outage
  #session: Fiber.Fiber<never> | undefined
  #hasLeft = false

  constructor(client: ClusterClient, join: JoinGroup, clock: Clock.Clock, eventLoop: EventLoop) {
    const name = `${join.groupId} ${members++}`
    this.#client = client
    this.#join = join
    this.#purpose = `fetch ${name}`
    this.#outage = new Outage(clock, `joining group ${join.groupId}`)
    this.membership = new GroupMembership(client, join, name, clock)
    const { membership } = this
    this.ownership = new Ownership({ client, eventLoop, clock, join, membership, purpose: this.#purpose })
  }

  /** Fails when there is no such topic, or the group cannot be joined; then the membership heals by itself. */
  readonly start = Effect.fnUntraced(function* (this: Member): Effect.fn.Return<void, TransportError, Scope.Scope> {
    yield* this.#client.untilStarted(this.#topicsExist)
    // Before the first join: a member that is interrupted while it joins must leave, or the group waits for its session to end.
    yield* Effect.addFinalizer(() => this.leave)
    let taken: Taken | undefined = yield* this.#client.untilStarted(this.#takePart, firstJoinMillis)
    const begun = Deferred.makeUnsafe<void>()
    this.#session = yield* Effect.suspend(() => {
      const part = taken === undefined ? this.#joinAnew : Effect.succeed(taken)
      taken = undefined
      return Effect.flatMap(part, (part) => this.#own(part, begun))
    }).pipe(
      Effect.map((next) => (taken = next)),
      // A defect is a bug of a callback or of kafkajs; the member joins again.
      Effect.catchCause((cause) =>
        Effect.andThen(Effect.logError(`group ${this.#join.groupId} starts over`, cause), Effect.sleep("1 second"))
      ),
      Effect.forever,
      Effect.forkScoped
    )
    yield* Deferred.await(begun)
  })

  get leave(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#hasLeft) return Effect.void
      this.#hasLeft = true
      this.ownership.stopFetching()
      return Effect.gen({ self: this }, function* () {
        if (this.#session !== undefined) yield* Fiber.interrupt(this.#session)
        this.ownership.end()
        yield* this.membership.leave
        this.#client.release(this.#purpose)
      }).pipe(Effect.uninterruptible)
    })
  }

  readonly commit: GroupMember["commit"] = (offsets) =>
    Effect.suspend(() => (this.#hasLeft ? Effect.fail(because(new TransportClosed())) : this.ownership.commit(offsets)))

  get #topicsExist(): Effect.Effect<void, TransportError> {
    const { metadata, refresh, withoutTopic } = this.#client
    const { topics } = this.#join
    return Effect.suspend(() => {
      for (const topic of topics) metadata.register(topic)
      return refresh
    }).pipe(
      Effect.flatMap(() => {
        const missing = topics.find((topic) => metadata.partitions(topic) === undefined)
        return missing === undefined ? Effect.void : Effect.fail(withoutTopic(missing))
      })
    )
  }

  /** Joins without owning any partition. */
  get #takePart(): Effect.Effect<Taken, TransportError> {
    return this.membership.join().pipe(
      Effect.tap(() => Effect.sync(() => this.ownership.end())),
      Effect.flatMap((joined) => this.#withOffsets(joined))
    )
  }

  get #joinAnew(): Effect.Effect<Taken, TransportError> {
    return this.#takePart.pipe(
      Effect.tapError((error) => this.#outage.failed(error)),
      Effect.retry(Schedule.forever),
      Effect.tap(() => this.#outage.worked)
    )
  }

  /** Asks for the offsets several times, because joining again instead would cost the whole group a rebalance. */
  #withOffsets(joined: Generation): Effect.Effect<Taken, TransportError> {
    return this.membership.offsets.committed(joined.partitions).pipe(
      Effect.retry({ times: committedTries, schedule: Schedule.spaced(committedPauseMillis), while: isRetryable }),
      Effect.map((assigned) => ({ joined, assigned }))
    )
  }

  /** One assignment, from its beginning to the next one. */
  readonly #own = Effect.fnUntraced(function* (
    this: Member,
    { assigned, joined }: Taken,
    begun: Deferred.Deferred<void>
  ): Effect.fn.Return<Taken, TransportError> {
    const next = yield* this.ownership.begin(joined, assigned).pipe(
      Effect.tap(() => Deferred.done(begun, Exit.void)),
      Effect.andThen(this.#untilChange(joined)),
      Effect.ensuring(this.ownership.halt)
    )
    if (next === undefined) {
      yield* this.#letGo
      return yield* this.#joinAnew
    }
    if (!next.isCooperative || this.ownership.loses(next.partitions)) yield* this.#letGo
    return yield* Effect.catch(this.#withOffsets(next), () => this.#joinAnew)
  })

  /** Stays a member until the assignment changes, and gives the new one; undefined when the membership may be lost. */
  readonly #untilChange = Effect.fnUntraced(function* (
    this: Member,
    joined: Generation
  ): Effect.fn.Return<Generation | undefined> {
    const { membership, ownership } = this
    const renew = (sentAt: number) => ownership.renew(sentAt)
    let now = joined
    while (true) {
      if (!now.hasLost) {
        const { isLost, reason } = yield* membership.stay(now, renew)
        yield* Effect.logDebug(`group ${this.#join.groupId}: ${reason}; joining again`)
        if (isLost || !now.isCooperative) return undefined
      }
      const rejoined = membership.rejoin(now, renew).pipe(
        Effect.tapError((error) => this.#outage.failed(error)),
        Effect.retry({ while: (error) => !isLost(error) && ownership.isLeased }),
        Effect.tap(() => this.#outage.worked),
        Effect.orElseSucceed(() => undefined)
      )
      const next = yield* ownership.joining(rejoined)
      if (next === undefined || !next.isCooperative || !ownership.isSame(next.partitions)) return next
      now = next
    }
  })

  /** Runs `onRevoking`, and waits no longer than the promised time even if it cannot be interrupted. */
  get #letGo(): Effect.Effect<void> {
    const { groupId, onRevoking, revokeTimeoutMillis } = this.#join
    return Effect.gen({ self: this }, function* () {
      const revoking = yield* onRevoking.pipe(
        Effect.catchCause((cause) => Effect.logError(`letting go of the partitions of group ${groupId}`, cause)),
        // In no scope: that of a member that closes runs nothing any more, and it has to let go all the same.
        Effect.forkDetach
      )
      yield* Effect.timeoutOption(Fiber.await(revoking), revokeTimeoutMillis).pipe(
        Effect.ensuring(Effect.sync(() => revoking.interruptUnsafe()))
      )
    })
  }
}

export const joinGroup = Effect.fnUntraced(function* (
  client: ClusterClient,
  join: JoinGroup
): Effect.fn.Return<GroupMember, TransportError, Scope.Scope> {
  const member = new Member(client, join, yield* Clock.Clock, yield* EventLoop)
  yield* member.start()
  const { ownership } = member
  return {
    commit: member.commit,
    pause: (partition) => ownership.pause(partition),
    resume: (partition) => ownership.resume(partition),
    leaseUntil: () => ownership.leaseUntil,
    stopFetching: Effect.sync(() => ownership.stopFetching()),
    leave: member.leave
  }
})

/**
 * A member of a group of the in-memory broker, from joining to leaving.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type { EventLoop } from "../../host/EventLoop.ts"
import type { GroupMember, JoinGroup } from "../../kafka/Transport.ts"
import { because, NoSuchTopic, TransportClosed, type TransportError } from "../../kafka/TransportError.ts"
import type { MemoryBroker } from "../MemoryBroker.ts"
import { MemoryMembership } from "./memoryMember.ts"

/** Gives up the partitions; a member that has just come has none. */
const revoke = (member: MemoryMembership, { onRevoking, revokeTimeoutMillis }: JoinGroup): Effect.Effect<void> =>
  Effect.suspend(() =>
    member.generation < 0
      ? Effect.void
      : onRevoking.pipe(Effect.timeoutOption(revokeTimeoutMillis), Effect.andThen(Effect.sync(() => member.release())))
  )

/** `memberId` must be another one for each member of the group. */
export const joinGroup = Effect.fnUntraced(function* (
  broker: MemoryBroker["Service"],
  eventLoop: EventLoop,
  memberId: string,
  join: JoinGroup
): Effect.fn.Return<GroupMember, TransportError, Scope.Scope> {
  for (const topic of join.topics) {
    if (broker.describe(topic) === undefined) return yield* because(new NoSuchTopic({ topic }))
  }
  const { members } = broker.group(join.groupId)
  const member = new MemoryMembership(memberId, broker, eventLoop, join)
  const joined = Deferred.makeUnsafe<void>()
  const leave = Effect.suspend(() => {
    member.release()
    return members.delete(memberId) ? broker.rebalance(join.groupId) : Effect.void
  })
  members.set(memberId, {
    id: memberId,
    topics: join.topics,
    revoke: revoke(member, join),
    assign: (partitions, generation) => {
      member.assign(partitions, generation)
      Deferred.doneUnsafe(joined, Exit.void)
    }
  })
  yield* Effect.addFinalizer(() => leave)
  yield* broker.rebalance(join.groupId)
  // When a rebalance was under way already, its next round includes this member.
  yield* Deferred.await(joined)
  return {
    commit: (offsets) =>
      Effect.suspend(() => (members.has(memberId) ? member.commit(offsets) : because(new TransportClosed()))),
    pause: (partition) => member.pause(partition),
    resume: (partition) => member.resume(partition),
    leaseUntil: () => Number.POSITIVE_INFINITY,
    stopFetching: Effect.sync(() => member.stopFetching()),
    leave
  }
})

/**
 * A member's standing in its consumer group: join, stay, commit, leave. What is done with the partitions is not known
 * here.
 *
 * Joins and heartbeats share one connection, commits and the leaving have another.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { TopicPartition } from "../../kafka/KafkaRecord.ts"
import type { AssignedPartition, JoinGroup, OffsetCommit } from "../../kafka/Transport.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { Coordinator, isOver } from "./coordinator.ts"
import { untilTopicsChange } from "./untilTopicsChange.ts"
import { type Possession, protocolsOf, shareOf, sharesOf } from "./groupProtocols.ts"
import type { Member } from "./kafkajsInternals.ts"

/** One ownership of partitions: what commits are made under. */
export interface Generation {
  readonly generationId: number
  readonly memberId: string
  readonly partitions: ReadonlyArray<TopicPartition>
  /** When the join was sent that led to it, on the monotonic clock. */
  readonly since: number
}

export interface GroupMembership {
  /** Joins and returns the new ownership. May take until all other members have joined too. */
  readonly join: Effect.Effect<Generation, TransportError>
  readonly committed: (generation: Generation) => Effect.Effect<ReadonlyArray<AssignedPartition>, TransportError>
  /** Repeats what fails for a passing reason for as long as a session lasts. */
  readonly commit: (generation: Generation, offsets: ReadonlyArray<OffsetCommit>) => Effect.Effect<void, TransportError>
  /**
   * Sends heartbeats until the ownership is over, and says why. `onAnswered` hears of each that was answered when it was
   * sent, on the monotonic clock: from then on the broker counts the session.
   */
  readonly stay: (generation: Generation, onAnswered: (sentAt: number) => void) => Effect.Effect<string>
  readonly leave: Effect.Effect<void>
  readonly sessionTimeoutMillis: number
}

interface PartitionCodes {
  readonly responses: ReadonlyArray<{
    readonly topic: string
    readonly partitions: ReadonlyArray<{
      readonly partition: number
      readonly errorCode: number
      readonly offset: string
      readonly metadata: string | null
    }>
  }>
}

interface OffsetFetchResponse extends PartitionCodes {
  /** Of the group: then the partitions are missing. */
  readonly errorCode: number
}

interface JoinGroupResponse {
  readonly errorCode: number
  readonly generationId: number
  /** The protocol that all members offered and most preferred. */
  readonly groupProtocol: string
  readonly leaderId: string
  readonly memberId: string
  readonly members: ReadonlyArray<Member>
}

interface SyncGroupResponse {
  readonly errorCode: number
  readonly memberAssignment: Buffer
}

const unknownMemberId = 25
const illegalGeneration = 22
const rebalanceInProgress = 27
const memberIdRequired = 79
// On top of each member's time to let go.
const rejoinMillis = 10_000
// A member that lets go of its partitions is silent meanwhile, and must not be taken for dead.
const sessionMarginMillis = 5_000
// That may stay without an answer one after the other.
const heartbeatsPerSession = 3
const retryMillis = 100
const leaveTimeoutMillis = 1_500

const byTopic = <A extends TopicPartition, B>(items: ReadonlyArray<A>, toPartition: (item: A) => B) =>
  Array.from(
    Map.groupBy(items, ({ topic }) => topic),
    ([topic, partitions]) => ({ topic, partitions: partitions.map(toPartition) })
  )

export const make = Effect.fnUntraced(function* (
  client: ClusterClient,
  { groupId, revokeTimeoutMillis, topics }: JoinGroup,
  /** Of the connections, for there may be several members in a process. */
  name: string
): Effect.fn.Return<GroupMembership> {
  const clock = yield* Clock.Clock
  const { metadata, settings } = client
  const rebalanceTimeoutMillis = revokeTimeoutMillis + rejoinMillis
  const sessionTimeoutMillis = Math.max(settings.sessionTimeoutMillis, revokeTimeoutMillis + sessionMarginMillis)
  const coordinator = new Coordinator(client, groupId, name)
  let memberId = ""
  /** What this member had last: it keeps as much of it as a balanced group allows. */
  let possession: Possession = { generation: -1, partitions: [] }

  const registerTopics = Effect.sync(() => {
    for (const topic of topics) metadata.register(topic)
  })

  const askToJoin = (holdMillis: number) => {
    const payload = {
      groupId,
      memberId,
      protocolType: "consumer",
      sessionTimeout: sessionTimeoutMillis,
      rebalanceTimeout: rebalanceTimeoutMillis,
      groupProtocols: protocolsOf(topics, possession)
    }
    const timeoutMillis = holdMillis + settings.requestTimeoutMillis
    return coordinator.ask<JoinGroupResponse>("join", "JoinGroup", payload, { holdMillis, timeoutMillis })
  }

  /**
   * Gets a member id from the coordinator (KIP-394) before the join proper, which may be pending for long: whoever leaves
   * meanwhile must know its id, or the group waits for it until its session is over.
   */
  const identify = Effect.gen(function* () {
    const answer = yield* askToJoin(0)
    if (answer.errorCode !== memberIdRequired) yield* coordinator.check(answer.errorCode)
    memberId = answer.memberId
  })

  const join = Effect.gen(function* () {
    yield* registerTopics
    yield* client.refresh
    if (memberId === "") yield* identify
    const since = monotonicMillis(clock)
    const joined = yield* askToJoin(rebalanceTimeoutMillis * 2)
    if (joined.errorCode === unknownMemberId) memberId = ""
    yield* coordinator.check(joined.errorCode)
    memberId = joined.memberId
    const { generationId, groupProtocol, leaderId, members } = joined
    let groupAssignment: ReturnType<typeof sharesOf> = []
    if (leaderId === memberId) {
      yield* registerTopics
      yield* client.refresh
      groupAssignment = sharesOf(groupProtocol, members, (topic) => metadata.partitions(topic) ?? 0)
    }
    const payload = { groupId, generationId, memberId, groupAssignment }
    const holdMillis = rebalanceTimeoutMillis
    const timeoutMillis = holdMillis + settings.requestTimeoutMillis
    const synced = yield* coordinator.ask<SyncGroupResponse>("join", "SyncGroup", payload, {
      holdMillis,
      timeoutMillis
    })
    if (synced.errorCode === unknownMemberId) memberId = ""
    yield* coordinator.check(synced.errorCode)
    const partitions = shareOf(synced.memberAssignment).filter(({ topic }) => topics.includes(topic))
    possession = { generation: generationId, partitions }
    return { generationId, memberId, partitions, since }
  })

  const committed: GroupMembership["committed"] = Effect.fnUntraced(function* ({ partitions }) {
    if (partitions.length === 0) return []
    const payload = { groupId, topics: byTopic(partitions, ({ partition }) => ({ partition })) }
    const { errorCode, responses } = yield* coordinator.ask<OffsetFetchResponse>("commit", "OffsetFetch", payload)
    yield* coordinator.check(errorCode)
    const assigned: Array<AssignedPartition> = []
    for (const { partitions, topic } of responses) {
      const topicId = metadata.topicIdOf(topic)
      for (const { errorCode, metadata, offset, partition } of partitions) {
        yield* coordinator.check(errorCode, topic)
        const position = Number(offset)
        const committed = position < 0 ? undefined : position
        assigned.push({ topic, partition, topicId, committed, metadata: metadata ?? "" })
      }
    }
    return assigned
  })

  const tryCommit: GroupMembership["commit"] = Effect.fnUntraced(function* ({ generationId, memberId }, offsets) {
    const payload = {
      groupId,
      memberId,
      groupGenerationId: generationId,
      topics: byTopic(offsets, ({ metadata, offset, partition }) => ({ partition, offset: String(offset), metadata }))
    }
    const { responses } = yield* coordinator.ask<PartitionCodes>("commit", "OffsetCommit", payload)
    for (const { partitions, topic } of responses) {
      for (const { errorCode } of partitions) yield* coordinator.check(errorCode, topic)
    }
  })

  const commit: GroupMembership["commit"] = (generation, offsets) =>
    Effect.suspend(() => {
      if (offsets.length === 0) return Effect.void
      const end = monotonicMillis(clock) + sessionTimeoutMillis
      return tryCommit(generation, offsets).pipe(
        Effect.retry({
          schedule: Schedule.spaced(retryMillis),
          while: (error) => error.isRetryable && !isOver(error) && monotonicMillis(clock) < end
        })
      )
    })

  const heartbeat = ({ generationId, memberId }: Generation) =>
    coordinator
      .ask<{ readonly errorCode: number }>(
        "join",
        "Heartbeat",
        { groupId, memberId, groupGenerationId: generationId },
        { timeoutMillis: sessionTimeoutMillis / heartbeatsPerSession }
      )
      .pipe(Effect.map(({ errorCode }) => errorCode))

  const beat = Effect.fnUntraced(function* (generation: Generation, onAnswered: (sentAt: number) => void) {
    let heard = generation.since
    let pause = settings.heartbeatMillis
    while (true) {
      yield* Effect.sleep(pause)
      const sentAt = monotonicMillis(clock)
      const code = yield* Effect.catch(heartbeat(generation), () => Effect.succeed(undefined))
      if (code === 0) {
        heard = sentAt
        pause = settings.heartbeatMillis
        onAnswered(sentAt)
        continue
      }
      if (code === rebalanceInProgress) return "the group rebalances"
      if (code === illegalGeneration) return "the group went on without this member"
      if (code === unknownMemberId) {
        memberId = ""
        yield* Effect.logWarning(`group ${groupId}: the session of this member is over; it joins again`)
        return "the group has forgotten this member"
      }
      const silent = monotonicMillis(clock) - heard
      if (silent > sessionTimeoutMillis) {
        yield* Effect.logWarning(
          `group ${groupId}: no heartbeat was answered for ${Math.round(silent)} ms; joining again`
        )
        return `no heartbeat was answered for ${Math.round(silent)} ms`
      }
      // The coordinator has moved, is loading or is gone.
      yield* coordinator.forget
      pause = Math.min(retryMillis, settings.heartbeatMillis)
    }
  })

  const leave = Effect.suspend(() => {
    if (memberId === "") return Effect.void
    return coordinator.ask<object>("commit", "LeaveGroup", { groupId, memberId }, { timeoutMillis: leaveTimeoutMillis })
  }).pipe(
    // The coordinator may have moved.
    Effect.retry({ times: 1 }),
    Effect.timeoutOption(leaveTimeoutMillis),
    Effect.ignore,
    Effect.andThen(
      Effect.sync(() => {
        memberId = ""
        coordinator.release()
      })
    )
  )

  return {
    join,
    committed,
    commit,
    stay: (generation, onAnswered) => Effect.raceFirst(beat(generation, onAnswered), untilTopicsChange(client, topics)),
    leave,
    sessionTimeoutMillis
  }
})

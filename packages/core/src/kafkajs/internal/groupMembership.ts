/**
 * A member's standing in its consumer group: join, stay, commit, leave. What is done with the partitions is not known
 * here.
 *
 * kafkajs' `ConsumerGroup` speaks the group protocol; its consumer loop, which crashes for good on some errors and sends
 * heartbeats only between batches, is not used.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { TopicPartition } from "../../kafka/KafkaRecord.ts"
import type { AssignedPartition, JoinGroup, OffsetCommit } from "../../kafka/Transport.ts"
import { because, type TransportError, Unavailable } from "../../kafka/TransportError.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { ask, ConsumerGroup, Emitter, protocolRequest, roundRobin } from "./kafkajsInternals.ts"

/** One ownership of partitions: what commits are made under. */
export interface Generation {
  readonly generationId: number
  readonly memberId: string
  readonly partitions: ReadonlyArray<TopicPartition>
}

export interface GroupMembership {
  /** Joins and returns the new ownership. May take until all other members have joined too. */
  readonly join: Effect.Effect<Generation, TransportError>
  readonly committed: (generation: Generation) => Effect.Effect<ReadonlyArray<AssignedPartition>, TransportError>
  readonly commit: (generation: Generation, offsets: ReadonlyArray<OffsetCommit>) => Effect.Effect<void, TransportError>
  /** Sends heartbeats until the ownership is over, and says why. */
  readonly stay: (generation: Generation) => Effect.Effect<string>
  readonly leave: Effect.Effect<void>
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

const illegalGeneration = 22
const unknownMemberId = 25
const rebalanceInProgress = 27
const memberIdRequired = 79
// Each member gets its time to let go, and this long on top to rejoin.
const rejoinMillis = 10_000
// A member that lets go of its partitions is silent meanwhile, and must not be taken for dead.
const sessionMarginMillis = 5_000
// Heartbeats that may stay without an answer, one after the other, before the session is over.
const heartbeatsPerSession = 3
const growthCheckSeconds = 60
const missingCheckSeconds = 2
const secondsOfChange = 2
const commitTries = 5
const commitPauseMillis = 200
const leaveTimeoutMillis = 1_500

const byTopic = <A extends TopicPartition, B>(items: ReadonlyArray<A>, toPartition: (item: A) => B) =>
  Array.from(
    Map.groupBy(items, ({ topic }) => topic),
    ([topic, partitions]) => ({ topic, partitions: partitions.map(toPartition) })
  )

/** The ownership that a commit belongs to has ended: the next owner decides. */
const isOver = ({ reason }: TransportError): boolean =>
  reason._tag === "Unavailable" &&
  ["ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "REBALANCE_IN_PROGRESS"].includes(reason.code)

export const make = Effect.fnUntraced(function* (
  client: ClusterClient,
  { groupId, revokeTimeoutMillis, topics }: JoinGroup
): Effect.fn.Return<GroupMembership> {
  const clock = yield* Clock.Clock
  const { cluster, logger, settings } = client
  const rebalanceTimeoutMillis = revokeTimeoutMillis + rejoinMillis
  const sessionTimeoutMillis = Math.max(settings.sessionTimeoutMillis, revokeTimeoutMillis + sessionMarginMillis)
  const assigner = roundRobin({ cluster })
  const group = new ConsumerGroup({
    cluster,
    groupId,
    topics,
    topicConfigurations: {},
    logger,
    instrumentationEmitter: new Emitter(),
    assigners: [assigner],
    sessionTimeout: sessionTimeoutMillis,
    rebalanceTimeout: rebalanceTimeoutMillis,
    retry: { retries: 0 }
  })

  const coordinator = Effect.suspend(() =>
    group.coordinator === null
      ? Effect.fail(because(new Unavailable({ code: "GROUP_COORDINATOR_NOT_AVAILABLE", detail: groupId })))
      : client.broker(group.coordinator.nodeId)
  )
  const findCoordinator = client
    .call("finding the group coordinator", () => cluster.findGroupCoordinator({ groupId }))
    .pipe(Effect.map((found) => void (group.coordinator = found)))
  const registerTopics = Effect.sync(() => {
    for (const topic of topics) client.metadata.register(topic)
  })

  /**
   * Gets a member id from the coordinator (KIP-394) before the join proper, which may be pending for long: whoever leaves
   * meanwhile must know its id, or the group waits for it until its session is over.
   */
  const identify = Effect.gen(function* () {
    yield* findCoordinator
    const broker = yield* coordinator
    const payload = {
      groupId,
      memberId: "",
      protocolType: "consumer",
      sessionTimeout: sessionTimeoutMillis,
      rebalanceTimeout: rebalanceTimeoutMillis,
      groupProtocols: [assigner.protocol({ topics })]
    }
    const { errorCode, memberId } = yield* client.call(`entering group ${groupId}`, () =>
      ask<{ readonly errorCode: number; readonly memberId: string }>(
        broker,
        protocolRequest(broker, "JoinGroup", payload)
      )
    )
    if (errorCode !== memberIdRequired) yield* client.failOnCode(errorCode)
    group.memberId = memberId
  })

  const join = Effect.gen(function* () {
    yield* registerTopics
    yield* client.refresh
    if (group.memberId === null) yield* identify
    yield* client.call(`joining group ${groupId}`, () => group.joinAndSync(), {
      timeoutMillis: rebalanceTimeoutMillis * 2 + settings.requestTimeoutMillis
    })
    const partitions = group
      .assigned()
      .flatMap(({ partitions, topic }) => partitions.map((partition) => ({ topic, partition })))
    return { generationId: group.generationId ?? -1, memberId: group.memberId ?? "", partitions }
  })

  const askCommitted: GroupMembership["committed"] = Effect.fnUntraced(function* ({ partitions }) {
    if (partitions.length === 0) return []
    const broker = yield* coordinator
    const payload = { groupId, topics: byTopic(partitions, ({ partition }) => ({ partition })) }
    const { errorCode, responses } = yield* client.call("asking for committed offsets", () =>
      ask<OffsetFetchResponse>(broker, protocolRequest(broker, "OffsetFetch", payload))
    )
    yield* client.failOnCode(errorCode)
    const assigned: Array<AssignedPartition> = []
    for (const { partitions, topic } of responses) {
      for (const { errorCode, metadata, offset, partition } of partitions) {
        yield* client.failOnCode(errorCode, topic)
        const position = Number(offset)
        assigned.push({ topic, partition, committed: position < 0 ? undefined : position, metadata: metadata ?? "" })
      }
    }
    return assigned
  })
  const committed: GroupMembership["committed"] = (generation) =>
    // It may have moved since the join.
    Effect.tapError(askCommitted(generation), () => Effect.ignore(findCoordinator))

  const tryCommit: GroupMembership["commit"] = Effect.fnUntraced(function* ({ generationId, memberId }, offsets) {
    const broker = yield* coordinator
    const payload = {
      groupId,
      memberId,
      groupGenerationId: generationId,
      topics: byTopic(offsets, ({ metadata, offset, partition }) => ({ partition, offset: String(offset), metadata }))
    }
    const { responses } = yield* client.call("committing offsets", () =>
      ask<PartitionCodes>(broker, protocolRequest(broker, "OffsetCommit", payload))
    )
    for (const { partitions, topic } of responses) {
      for (const { errorCode } of partitions) yield* client.failOnCode(errorCode, topic)
    }
  })

  const commit: GroupMembership["commit"] = (generation, offsets) =>
    offsets.length === 0
      ? Effect.void
      : tryCommit(generation, offsets).pipe(
          Effect.tapError((error) => (isOver(error) ? Effect.void : Effect.ignore(findCoordinator))),
          Effect.retry({
            schedule: Schedule.spaced(commitPauseMillis),
            times: commitTries - 1,
            while: (error) => error.isRetryable && !isOver(error)
          })
        )

  const heartbeat = Effect.fnUntraced(function* ({ generationId, memberId }: Generation) {
    const broker = yield* coordinator
    const payload = { groupId, memberId, groupGenerationId: generationId }
    const { errorCode } = yield* client
      .call(
        "sending a heartbeat",
        () => ask<{ readonly errorCode: number }>(broker, protocolRequest(broker, "Heartbeat", payload)),
        { timeoutMillis: sessionTimeoutMillis / heartbeatsPerSession }
      )
      .pipe(Effect.tapError(() => Effect.sync(() => client.cut("a heartbeat was not answered", broker))))
    return errorCode
  })

  const sizes = () => topics.map((topic) => client.metadata.partitions(topic) ?? "missing").join()

  /**
   * kafkajs assigns the partitions that it knew when the group was formed: new ones, and a topic that was deleted or made
   * anew, need a rebalance. A change must last, because a broker that has just started may miss a topic.
   */
  const growth = Effect.gen(function* () {
    const before = sizes()
    const every = before.includes("missing") ? missingCheckSeconds : growthCheckSeconds
    let changed = 0
    for (let second = 1; changed < secondsOfChange; second++) {
      yield* Effect.sleep("1 second")
      if (second % every === 0) yield* Effect.andThen(registerTopics, Effect.ignore(client.refresh))
      changed = sizes() === before ? 0 : changed + 1
    }
    return "the topics have changed"
  })

  const beat = Effect.fnUntraced(function* (generation: Generation) {
    let heard = monotonicMillis(clock)
    while (true) {
      yield* Effect.sleep(settings.heartbeatMillis)
      const code = yield* heartbeat(generation).pipe(Effect.catch(() => Effect.succeed(undefined)))
      if (code === 0) {
        heard = monotonicMillis(clock)
        continue
      }
      if (code === rebalanceInProgress) return "the group rebalances"
      if (code === illegalGeneration) return "the group went on without this member"
      if (code === unknownMemberId) {
        group.memberId = null
        return "the group has forgotten this member"
      }
      const silent = monotonicMillis(clock) - heard
      if (silent > sessionTimeoutMillis) return `no heartbeat was answered for ${Math.round(silent)} ms`
      // The coordinator has moved, is loading or is gone.
      yield* Effect.ignore(client.refresh)
      yield* Effect.ignore(findCoordinator)
    }
  })

  const leave = Effect.suspend(() => {
    if (group.memberId === null) return Effect.void
    return client.call(`leaving group ${groupId}`, () => group.leave(), { timeoutMillis: leaveTimeoutMillis })
  }).pipe(
    // The connection to the coordinator may be the one that has just been cut.
    Effect.retry({ times: 1 }),
    Effect.ignore,
    Effect.andThen(Effect.sync(() => void (group.memberId = null)))
  )

  return { join, committed, commit, stay: (generation) => Effect.raceFirst(beat(generation), growth), leave }
})

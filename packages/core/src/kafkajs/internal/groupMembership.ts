/**
 * A member's standing in its consumer group: it joins, stays and leaves. What happens to its partitions is up to `groupMember`.
 *
 * Joins and heartbeats have a connection each; commits and leaving share a third one.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import { partitionKey, type TopicPartition } from "../../kafka/KafkaRecord.ts"
import type { JoinGroup } from "../../kafka/Transport.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { Coordinator } from "./coordinator.ts"
import { type Possession, protocolsOf, shareOf, sharesOf, sticky } from "./groupProtocols.ts"
import { type Ending, Heartbeats } from "./heartbeats.ts"
import type { Member } from "./kafkajsInternals.ts"
import { type Committer, OffsetStore } from "./offsetStore.ts"
import { untilTopicsChange } from "./untilTopicsChange.ts"

/** One ownership of partitions; commits name its generation. */
export interface Generation extends Committer {
  readonly partitions: ReadonlyArray<TopicPartition>
  /** When its join was sent, on the monotonic clock. */
  readonly since: number
  /** Whether all members keep their partitions while they join again. */
  readonly isCooperative: boolean
  /** Whether the member lost partitions: it has to release them and join again, so that other members get them. */
  readonly hasLost: boolean
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
const memberIdRequired = 79
// In addition to the time that each member has to release its partitions.
const rejoinMillis = 10_000
// A member sends no heartbeats while it releases its partitions, and its session must not end meanwhile.
const sessionMarginMillis = 5_000
const leaveTimeoutMillis = 1_500

export class GroupMembership {
  readonly sessionTimeoutMillis: number
  readonly offsets: OffsetStore
  readonly #client: ClusterClient
  readonly #clock: Clock.Clock
  readonly #groupId: string
  readonly #topics: ReadonlyArray<string>
  readonly #rebalanceTimeoutMillis: number
  readonly #coordinator: Coordinator
  readonly #heartbeats: Heartbeats
  #memberId = ""
  /** The member's last partitions: the next assignment keeps as many of them as balance allows. */
  #possession: Possession = { generation: -1, partitions: [] }

  /** `name` is part of the connections' names, because a process may have several members. */
  constructor(
    client: ClusterClient,
    { groupId, revokeTimeoutMillis, topics }: JoinGroup,
    name: string,
    clock: Clock.Clock
  ) {
    const { heartbeatMillis, sessionTimeoutMillis } = client.settings
    this.#client = client
    this.#clock = clock
    this.#groupId = groupId
    this.#topics = topics
    this.#rebalanceTimeoutMillis = revokeTimeoutMillis + rejoinMillis
    this.sessionTimeoutMillis = Math.max(sessionTimeoutMillis, revokeTimeoutMillis + sessionMarginMillis)
    this.#coordinator = new Coordinator(client, groupId, name)
    const times = { intervalMillis: heartbeatMillis, sessionTimeoutMillis: this.sessionTimeoutMillis }
    this.#heartbeats = new Heartbeats(this.#coordinator, groupId, times, clock)
    this.offsets = new OffsetStore(client, this.#coordinator, groupId, this.sessionTimeoutMillis)
  }

  /** Joins and gives the new ownership. May take until all other members have joined as well. */
  readonly join = Effect.fnUntraced(function* (this: GroupMembership): Effect.fn.Return<Generation, TransportError> {
    yield* this.#lookForTopics
    if (this.#memberId === "") yield* this.#identify()
    const since = monotonicMillis(this.#clock)
    const joined = yield* this.#askToJoin(this.#rebalanceTimeoutMillis * 2)
    yield* this.#check(joined.errorCode)
    const { generationId, groupProtocol, memberId } = joined
    this.#memberId = memberId
    const synced = yield* this.#sync(joined)
    yield* this.#check(synced.errorCode)
    const partitions = shareOf(synced.memberAssignment).filter(({ topic }) => this.#topics.includes(topic))
    const given = new Set(partitions.map(partitionKey))
    const isCooperative = groupProtocol === sticky
    const hasLost = isCooperative && this.#possession.partitions.some((one) => !given.has(partitionKey(one)))
    this.#possession = { generation: generationId, partitions }
    return { generationId, memberId, partitions, since, isCooperative, hasLost }
  })

  /** Joins again and keeps the partitions owned; `onAnswered` is called for each heartbeat answered meanwhile. */
  rejoin(owned: Generation, onAnswered: (sentAt: number) => void): Effect.Effect<Generation, TransportError> {
    return Effect.raceFirst(this.join(), this.#heartbeats.keep(owned, onAnswered))
  }

  /**
   * Sends heartbeats until the ownership has to change, and says why. `onAnswered` is called for each answered heartbeat with
   * the time at which it was sent, on the monotonic clock: the broker counts the session from then on, or later.
   */
  stay(generation: Generation, onAnswered: (sentAt: number) => void): Effect.Effect<Ending> {
    const topicsChange = untilTopicsChange(this.#client, this.#topics).pipe(
      Effect.map((reason) => ({ reason, isLost: false, isForgotten: false }))
    )
    return Effect.raceFirst(this.#heartbeats.stay(generation, onAnswered), topicsChange).pipe(
      Effect.tap(({ isForgotten }) => {
        if (!isForgotten) return Effect.void
        this.#memberId = ""
        return Effect.logWarning(`group ${this.#groupId}: the session of this member is over; it joins again`)
      })
    )
  }

  get leave(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#memberId === "") return Effect.void
      const payload = { groupId: this.#groupId, memberId: this.#memberId }
      return this.#coordinator.ask<object>("commit", "LeaveGroup", payload, { timeoutMillis: leaveTimeoutMillis })
    }).pipe(
      // The coordinator may have moved.
      Effect.retry({ times: 1 }),
      Effect.timeoutOption(leaveTimeoutMillis),
      Effect.ignore,
      Effect.andThen(
        Effect.sync(() => {
          this.#memberId = ""
          this.#coordinator.release()
        })
      )
    )
  }

  get #lookForTopics(): Effect.Effect<void, TransportError> {
    return Effect.suspend(() => {
      for (const topic of this.#topics) this.#client.metadata.register(topic)
      return this.#client.refresh
    })
  }

  #askToJoin(holdMillis: number): Effect.Effect<JoinGroupResponse, TransportError> {
    const payload = {
      groupId: this.#groupId,
      memberId: this.#memberId,
      protocolType: "consumer",
      sessionTimeout: this.sessionTimeoutMillis,
      rebalanceTimeout: this.#rebalanceTimeoutMillis,
      groupProtocols: protocolsOf(this.#topics, this.#possession)
    }
    return this.#coordinator.ask("join", "JoinGroup", payload, this.#held(holdMillis))
  }

  /**
   * Gets a member id from the coordinator (KIP-394) before the join proper, which may be pending for long: a member that leaves
   * meanwhile needs its id for that, or the group waits until the member's session is over.
   */
  readonly #identify = Effect.fnUntraced(function* (this: GroupMembership): Effect.fn.Return<void, TransportError> {
    const answer = yield* this.#askToJoin(0)
    if (answer.errorCode !== memberIdRequired) yield* this.#coordinator.check(answer.errorCode)
    this.#memberId = answer.memberId
  })

  /** Sends the assignment of all members if this one is the leader, and gets its own. */
  readonly #sync = Effect.fnUntraced(function* (
    this: GroupMembership,
    { generationId, groupProtocol, leaderId, members, memberId }: JoinGroupResponse
  ): Effect.fn.Return<SyncGroupResponse, TransportError> {
    let groupAssignment: ReturnType<typeof sharesOf> = []
    if (leaderId === memberId) {
      yield* this.#lookForTopics
      const { metadata } = this.#client
      groupAssignment = sharesOf(groupProtocol, members, (topic) => metadata.partitions(topic) ?? 0)
    }
    const payload = { groupId: this.#groupId, generationId, memberId, groupAssignment }
    return yield* this.#coordinator.ask<SyncGroupResponse>(
      "join",
      "SyncGroup",
      payload,
      this.#held(this.#rebalanceTimeoutMillis)
    )
  })

  #check(code: number): Effect.Effect<void, TransportError> {
    if (code === unknownMemberId) this.#memberId = ""
    return this.#coordinator.check(code)
  }

  #held(holdMillis: number) {
    return { holdMillis, timeoutMillis: holdMillis + this.#client.settings.requestTimeoutMillis }
  }
}

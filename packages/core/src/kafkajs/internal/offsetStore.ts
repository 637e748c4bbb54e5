/**
 * The offsets of a group at its coordinator: commits them with their leader epochs, and asks for the committed ones.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { TopicPartition } from "../../kafka/KafkaRecord.ts"
import type { AssignedPartition, OffsetCommit } from "../../kafka/Transport.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import {
  type CommitAnswer,
  type CommittedAnswer,
  committedVersion,
  commitVersion,
  decodeCommit,
  decodeCommitted,
  encodeCommit,
  encodeCommitted
} from "../../protocol/offsetCodec.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { type Coordinator, isOver } from "./coordinator.ts"
import { inVersion } from "./ownVersion.ts"

/** The member and generation that a commit names; the coordinator refuses any other. */
export interface Committer {
  readonly generationId: number
  readonly memberId: string
}

const retryMillis = 100
const unknownEpoch = -1

const orUndefined = (value: number): number | undefined => (value < 0 ? undefined : value)

export class OffsetStore {
  readonly #client: ClusterClient
  readonly #coordinator: Coordinator
  readonly #groupId: string
  readonly #patienceMillis: number

  /** Commits are tried for at most `patienceMillis`. */
  constructor(client: ClusterClient, coordinator: Coordinator, groupId: string, patienceMillis: number) {
    this.#client = client
    this.#coordinator = coordinator
    this.#groupId = groupId
    this.#patienceMillis = patienceMillis
  }

  committed(
    partitions: ReadonlyArray<TopicPartition>
  ): Effect.Effect<ReadonlyArray<AssignedPartition>, TransportError> {
    if (partitions.length === 0) return Effect.succeed([])
    const coordinator = this.#coordinator
    const { metadata } = this.#client
    const groupId = this.#groupId
    const asking = coordinator.send<CommittedAnswer>("commit", "OffsetFetch", (versions) =>
      inVersion(versions, "OffsetFetch", committedVersion, () => encodeCommitted(groupId, partitions), decodeCommitted)
    )
    return Effect.gen(function* () {
      const answer = yield* asking
      yield* coordinator.check(answer.errorCode)
      const assigned: Array<AssignedPartition> = []
      for (const { errorCode, leaderEpoch, metadata: text, offset, partition, topic } of answer.partitions) {
        yield* coordinator.check(errorCode, topic)
        assigned.push({
          topic,
          partition,
          topicId: metadata.topicIdOf(topic),
          committed: orUndefined(offset),
          metadata: text,
          leaderEpoch: orUndefined(leaderEpoch)
        })
      }
      return assigned
    })
  }

  /** Repeats a request that fails for a passing reason. */
  commit(committer: Committer, offsets: ReadonlyArray<OffsetCommit>): Effect.Effect<void, TransportError> {
    if (offsets.length === 0) return Effect.void
    return Effect.clockWith((clock: Clock.Clock) => {
      const end = monotonicMillis(clock) + this.#patienceMillis
      return this.#tryCommit(committer, offsets).pipe(
        Effect.retry({
          schedule: Schedule.spaced(retryMillis),
          while: (error) => error.isRetryable && !isOver(error) && monotonicMillis(clock) < end
        })
      )
    })
  }

  #tryCommit(
    { generationId, memberId }: Committer,
    offsets: ReadonlyArray<OffsetCommit>
  ): Effect.Effect<void, TransportError> {
    const coordinator = this.#coordinator
    const request = {
      groupId: this.#groupId,
      generationId,
      memberId,
      offsets: offsets.map(({ leaderEpoch = unknownEpoch, ...offset }) => ({ ...offset, leaderEpoch }))
    }
    return Effect.gen(function* () {
      const { partitions } = yield* coordinator.send<CommitAnswer>("commit", "OffsetCommit", (versions) =>
        inVersion(versions, "OffsetCommit", commitVersion, () => encodeCommit(request), decodeCommit)
      )
      for (const { errorCode, topic } of partitions) yield* coordinator.check(errorCode, topic)
    })
  }
}

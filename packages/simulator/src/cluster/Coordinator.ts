/**
 * The coordinator of one consumer group: generations, the barrier at which members meet, commits, eviction of members
 * that are silent for too long.
 *
 * Eager rebalancing as kafkajs does it: everybody gives up everything, joins, and gets new partitions.
 */
import { assignPartitions } from "@kafka-request-reply/core/MemoryBroker"
import { maxMetadataLength, partitionKey } from "@kafka-request-reply/core/Transport"
import type { AssignedPartition, OffsetCommit, TopicPartition } from "@kafka-request-reply/core/Transport"
import { because, Refused, type TransportError, Unavailable } from "@kafka-request-reply/core/TransportError"
import type { Cluster } from "./Cluster.ts"

// Coordinators are spread over the nodes; one group is enough to have it on the first.
const coordinatorNode = 0

export interface Assignment {
  readonly generation: number
  readonly partitions: ReadonlyArray<AssignedPartition>
}

/** One membership as the coordinator knows it. Its callbacks run at the cluster; the member brings them to its host. */
export interface Membership {
  readonly id: string
  readonly host: string
  readonly topics: ReadonlyArray<string>
  readonly revokeTimeoutMillis: number
  /** False when it has left or its program has died: then a request of it that is still on its way counts for nothing. */
  readonly isAlive: () => boolean
  /** Told, at what would be its next heartbeat, that it must give up its partitions and join again. */
  readonly onRebalance: () => void
}

interface Member {
  readonly membership: Membership
  joined: ((assignment: Assignment) => void) | undefined
  /** What it says it had last. */
  owned: { readonly owned: ReadonlyArray<TopicPartition>; readonly generation: number }
}

export class Coordinator {
  readonly id: string
  readonly #cluster: Cluster
  readonly #members = new Map<string, Member>()
  readonly #committed = new Map<string, OffsetCommit>()
  #generation = 0
  #isRebalancing = false
  #round = 0
  #commitsToRefuse = 0

  constructor(cluster: Cluster, id: string) {
    this.#cluster = cluster
    this.id = id
  }

  /** How many members it has, those that are joining too. */
  get size(): number {
    return this.#members.size
  }

  /** What is committed for a partition. */
  committed(partition: TopicPartition): OffsetCommit | undefined {
    return this.#committed.get(partitionKey(partition))
  }

  /** What was committed for a topic that is deleted goes with it. */
  forgetTopic(topic: string): void {
    for (const [key, commit] of this.#committed) if (commit.topic === topic) this.#committed.delete(key)
  }

  /** Waits for all other members, then answers with the new assignment. */
  join(membership: Membership, joined: (assignment: Assignment) => void): void {
    this.#cluster.at(coordinatorNode, () => {
      if (!membership.isAlive()) return
      const owned = this.#members.get(membership.id)?.owned ?? { owned: [], generation: -1 }
      this.#members.set(membership.id, { membership, joined, owned })
      this.rebalance()
      this.#completeWhenAllJoined()
    })
  }

  leave(id: string): void {
    this.#cluster.at(coordinatorNode, () => {
      if (!this.#members.delete(id)) return
      this.rebalance()
      this.#completeWhenAllJoined()
    })
  }

  /** Forgets the members of a host that was silent for too long. Who waits to be joined is not expected to be heard. */
  evict(host: string): void {
    const gone = [...this.#members.values()].filter(
      ({ joined, membership }) => membership.host === host && (joined === undefined || !membership.isAlive())
    )
    for (const { membership } of gone) {
      this.#members.delete(membership.id)
      this.#notify(membership)
    }
    if (gone.length === 0) return
    this.rebalance()
    this.#completeWhenAllJoined()
  }

  /** Makes everybody join again. */
  rebalance(): void {
    if (this.#isRebalancing) return
    this.#isRebalancing = true
    const round = ++this.#round
    let patience = 0
    for (const { joined, membership } of this.#members.values()) {
      patience = Math.max(patience, membership.revokeTimeoutMillis)
      if (joined === undefined) this.#notify(membership)
    }
    const { heartbeatMillis, timers } = this.#cluster.options
    timers.after(patience + heartbeatMillis * 2 + 2_000, () => {
      if (round !== this.#round || !this.#isRebalancing) return
      for (const [id, { joined, membership }] of this.#members) {
        if (joined !== undefined) continue
        this.#members.delete(id)
        this.#notify(membership)
      }
      this.#completeWhenAllJoined()
    })
  }

  /** The next commits fail, though the generation is right. */
  refuseCommits(count: number): void {
    this.#commitsToRefuse += count
  }

  commit(
    id: string,
    generation: number,
    offsets: ReadonlyArray<OffsetCommit>,
    respond: (error: TransportError | undefined) => void
  ): void {
    this.#cluster.at(coordinatorNode, () => respond(this.#commit(id, generation, offsets)))
  }

  #commit(id: string, generation: number, offsets: ReadonlyArray<OffsetCommit>): TransportError | undefined {
    const member = this.#members.get(id)
    if (member === undefined || generation !== this.#generation) {
      return because(new Unavailable({ code: "ILLEGAL_GENERATION", detail: "the assignment is over" }))
    }
    if (this.#commitsToRefuse > 0) {
      this.#commitsToRefuse--
      return because(new Unavailable({ code: "COORDINATOR_LOAD_IN_PROGRESS", detail: "refused by the plan" }))
    }
    for (const commit of offsets) {
      const { metadata, offset, partition } = commit
      if (metadata.length > maxMetadataLength) {
        return because(new Refused({ code: "OFFSET_METADATA_TOO_LARGE", detail: `${metadata.length} characters` }))
      }
      this.#committed.set(partitionKey(commit), commit)
      const happening = { type: "committed", generation, partition, offset, metadata } as const
      this.#cluster.options.onEvent(member.membership.host, happening)
    }
    return undefined
  }

  #notify(membership: Membership): void {
    const { heartbeatMillis, randomOf, timers } = this.#cluster.options
    timers.after(randomOf(membership.host).between(1, heartbeatMillis), membership.onRebalance)
  }

  #completeWhenAllJoined(): void {
    if (!this.#isRebalancing) return
    const members = [...this.#members.values()]
    if (members.some(({ joined }) => joined === undefined)) return
    this.#isRebalancing = false
    this.#round++
    if (members.length === 0) return
    this.#generation++
    const { broker } = this.#cluster.options
    const topics = new Set(members.flatMap(({ membership }) => membership.topics))
    const partitions = [...topics]
      .toSorted()
      .flatMap((topic) =>
        Array.from({ length: broker.describe(topic)?.partitions ?? 0 }, (_, partition) => ({ topic, partition }))
      )
    const shares = assignPartitions(
      partitions,
      members.map(({ membership: { id, topics }, owned }) => ({ id, topics, ...owned }))
    )
    for (const member of members) {
      const joined = member.joined!
      member.joined = undefined
      member.owned = { owned: shares.get(member.membership.id) ?? [], generation: this.#generation }
      joined({
        generation: this.#generation,
        partitions: (shares.get(member.membership.id) ?? []).map((partition) => {
          const found = this.committed(partition)
          return {
            ...partition,
            committed: found?.offset,
            metadata: found?.metadata ?? "",
            topicId: broker.log(partition)?.topicId,
            leaderEpoch: found?.leaderEpoch
          }
        })
      })
    }
  }
}

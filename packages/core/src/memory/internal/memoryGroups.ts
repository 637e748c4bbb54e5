/**
 * The consumer groups of the in-memory broker: generations, commits and rebalances.
 */
import * as Effect from "effect/Effect"
import { partitionKey, type TopicPartition } from "../../kafka/KafkaRecord.ts"
import { maxMetadataLength, type OffsetCommit } from "../../kafka/Transport.ts"
import { because, Refused, type TransportError, Unavailable } from "../../kafka/TransportError.ts"
import { assign } from "../../protocol/stickyAssignment.ts"
import type { MemoryGroup } from "../MemoryBroker.ts"
import type { MemoryTopics } from "./memoryTopics.ts"

interface Group extends MemoryGroup {
  isRebalancing: boolean
  /** Members came or left during the rebalance: it takes another round. */
  isAgain: boolean
  /** What each member got last. */
  owned: ReadonlyMap<string, ReadonlyArray<TopicPartition>>
}

const unbounded = { concurrency: "unbounded", discard: true } as const

export class MemoryGroups {
  readonly #topics: MemoryTopics
  readonly #groups = new Map<string, Group>()

  constructor(topics: MemoryTopics) {
    this.#topics = topics
  }

  /** The group of this id; a new one when there is none yet. */
  get(id: string): Group {
    let group = this.#groups.get(id)
    if (group === undefined) {
      const nothing = { members: new Map(), committed: new Map(), owned: new Map() }
      group = { generation: 0, isRebalancing: false, isAgain: false, ...nothing }
      this.#groups.set(id, group)
    }
    return group
  }

  /** Stores commits of a member of the current generation. */
  commit(
    groupId: string,
    generation: number,
    offsets: ReadonlyArray<OffsetCommit>
  ): Effect.Effect<void, TransportError> {
    return Effect.suspend(() => {
      const group = this.get(groupId)
      if (group.generation !== generation) {
        return Effect.fail(because(new Unavailable({ code: "ILLEGAL_GENERATION", detail: "the assignment is over" })))
      }
      let refusal: TransportError | undefined
      for (const commit of offsets) {
        const { metadata, offset } = commit
        if (metadata.length <= maxMetadataLength) group.committed.set(partitionKey(commit), { offset, metadata })
        else {
          const detail = `${metadata.length} characters, limit ${maxMetadataLength}`
          refusal = because(new Refused({ code: "OFFSET_METADATA_TOO_LARGE", detail }))
        }
      }
      return refusal === undefined ? Effect.void : Effect.fail(refusal)
    })
  }

  /** Runs one rebalance of a group at a time; members that come or leave during it cause one more round of it. */
  rebalance(groupId: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      const group = this.get(groupId)
      if (group.isRebalancing) {
        group.isAgain = true
        return Effect.void
      }
      group.isRebalancing = true
      return Effect.gen({ self: this }, function* () {
        do {
          group.isAgain = false
          yield* Effect.forEach([...group.members.values()], (member) => member.revoke, unbounded)
          this.#reassign(group)
        } while (group.isAgain)
      }).pipe(Effect.ensuring(Effect.sync(() => (group.isRebalancing = false))), Effect.uninterruptible)
    })
  }

  /** Begins a new generation and tells every member what it gets. */
  #reassign(group: Group): void {
    group.generation++
    const members = [...group.members.values()]
    const wanted = new Set(members.flatMap((member) => member.topics))
    const partitions = [...wanted].toSorted().flatMap((topic) => this.#topics.logs(topic))
    const shares = assign(
      partitions.map(({ partition, topic }) => ({ topic, partition })),
      members.map(({ id, topics }) => ({ id, topics, owned: group.owned.get(id) ?? [], generation: 0 }))
    )
    group.owned = shares
    for (const member of members) member.assign(shares.get(member.id) ?? [], group.generation)
  }
}

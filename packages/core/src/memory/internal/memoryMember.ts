/**
 * A group member of the in-memory broker: positions, pausing and delivery of what it was assigned.
 */
import type * as Effect from "effect/Effect"
import type { EventLoop } from "../../host/EventLoop.ts"
import { partitionKey, type TopicPartition } from "../../kafka/KafkaRecord.ts"
import type { MemoryBroker } from "../MemoryBroker.ts"
import type { JoinGroup, OffsetCommit } from "../../kafka/Transport.ts"
import type { TransportError } from "../../kafka/TransportError.ts"

/** One fetch response's worth of records. */
export const fetchLimit = 500

interface Owned extends TopicPartition {
  position: number
  isPaused: boolean
  isScheduled: boolean
  unsubscribe: () => void
}

export class MemoryMembership {
  readonly id: string
  readonly #broker: MemoryBroker["Service"]
  readonly #eventLoop: EventLoop
  readonly #options: JoinGroup
  readonly #owned = new Map<string, Owned>()
  #isFetching = true
  generation = -1

  constructor(id: string, broker: MemoryBroker["Service"], eventLoop: EventLoop, options: JoinGroup) {
    this.id = id
    this.#broker = broker
    this.#eventLoop = eventLoop
    this.#options = options
  }

  assign(partitions: ReadonlyArray<TopicPartition>, generation: number): void {
    this.release()
    this.generation = generation
    const committed = this.#broker.group(this.#options.groupId).committed
    const assigned = partitions.map((partition) => {
      const found = committed.get(partitionKey(partition))
      const topicId = this.#broker.log(partition)?.topicId
      return { ...partition, committed: found?.offset, metadata: found?.metadata ?? "", topicId }
    })
    this.#options.onAssigned(assigned)
    for (const { partition, topic, committed: position } of assigned) {
      const log = this.#broker.log({ topic, partition })
      if (log === undefined) continue
      const owned: Owned = {
        topic,
        partition,
        position: position ?? log.start,
        isPaused: false,
        isScheduled: false,
        unsubscribe: log.onGrowth(() => this.#schedule(owned))
      }
      this.#owned.set(partitionKey(owned), owned)
      this.#schedule(owned)
    }
  }

  /** Forgets the assignment: nothing is delivered until the next one. */
  release(): void {
    for (const owned of this.#owned.values()) owned.unsubscribe()
    this.#owned.clear()
  }

  pause(partition: TopicPartition): void {
    const owned = this.#owned.get(partitionKey(partition))
    if (owned !== undefined) owned.isPaused = true
  }

  resume(partition: TopicPartition): void {
    const owned = this.#owned.get(partitionKey(partition))
    if (owned === undefined) return
    owned.isPaused = false
    this.#schedule(owned)
  }

  stopFetching(): void {
    this.#isFetching = false
  }

  commit(offsets: ReadonlyArray<OffsetCommit>): Effect.Effect<void, TransportError> {
    return this.#broker.commit(this.#options.groupId, this.generation, offsets)
  }

  #schedule(owned: Owned): void {
    if (owned.isScheduled || owned.isPaused || !this.#isFetching) return
    owned.isScheduled = true
    this.#eventLoop.nextTurn(() => {
      owned.isScheduled = false
      this.#deliver(owned)
    })
  }

  #deliver(owned: Owned): void {
    const log = this.#broker.log(owned)
    if (owned.isPaused || !this.#isFetching || log === undefined || this.#owned.get(partitionKey(owned)) !== owned)
      return
    const records = log.read(owned.position, fetchLimit)
    if (records.length === 0) return
    const taken = this.#options.onRecords(records)
    if (taken > 0) owned.position = records[taken - 1]!.offset + 1
    if (taken < records.length) owned.isPaused = true
    else this.#schedule(owned)
  }
}

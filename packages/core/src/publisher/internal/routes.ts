/**
 * The leader of each partition. A partition changes its leader only in `reroute`, with all of its waiting records.
 *
 * `reroute` also forgets partitions without a leader and without records: requesters name their reply topics, and could name
 * any number of them.
 */
import type { TopicPartition } from "../../kafka/KafkaRecord.ts"
import { LeaderWindow } from "./leaderWindow.ts"
import type { RefreshSchedule } from "./refreshSchedule.ts"
import { PartitionQueue } from "./partitionQueue.ts"

/** A partition whose leader has changed, or that has none now. */
export interface Moved {
  readonly queue: PartitionQueue
  readonly from: LeaderWindow | undefined
}

export class Routes {
  readonly #leaderOf: (topic: string, partition: number) => number
  readonly #refreshes: RefreshSchedule
  readonly #windows = new Map<number, LeaderWindow>()
  readonly #topics = new Map<string, Map<number, PartitionQueue>>()

  constructor(leaderOf: (topic: string, partition: number) => number, refreshes: RefreshSchedule) {
    this.#leaderOf = leaderOf
    this.#refreshes = refreshes
  }

  get windows(): Iterable<LeaderWindow> {
    return this.#windows.values()
  }

  *queues(): Iterable<PartitionQueue> {
    for (const partitions of this.#topics.values()) yield* partitions.values()
  }

  /** The partitions that have records to send and no known leader. */
  leaderless(): ReadonlyArray<PartitionQueue> {
    return Array.from(this.queues()).filter(({ ready, window }) => window === undefined && ready > 0)
  }

  /** The partition's queue, made when it is asked for the first time. */
  queueOf(record: TopicPartition): PartitionQueue {
    const { partition, topic } = record
    let partitions = this.#topics.get(topic)
    if (partitions === undefined) this.#topics.set(topic, (partitions = new Map()))
    let queue = partitions.get(partition)
    if (queue === undefined) {
      queue = new PartitionQueue(record)
      queue.window = this.#windowOf(this.#leaderOf(topic, partition))
      queue.isMissed = this.#refreshes.isRefreshing
      partitions.set(partition, queue)
    }
    return queue
  }

  /** Gives every partition its leader of now, and returns those that have another one than before. */
  reroute(): ReadonlyArray<Moved> {
    const moved: Array<Moved> = []
    for (const [topic, partitions] of this.#topics) {
      for (const [partition, queue] of partitions) {
        const from = queue.window
        const to = this.#windowOf(this.#leaderOf(topic, partition))
        if (to === undefined && queue.isEmpty) partitions.delete(partition)
        if (to === from) continue
        from?.unlist(queue)
        queue.window = to
        moved.push({ queue, from })
      }
      if (partitions.size === 0) this.#topics.delete(topic)
    }
    return moved
  }

  #windowOf(leader: number): LeaderWindow | undefined {
    if (leader < 0) return undefined
    let window = this.#windows.get(leader)
    if (window === undefined) this.#windows.set(leader, (window = new LeaderWindow(leader)))
    return window
  }
}

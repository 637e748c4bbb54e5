/**
 * Which lane each partition's records go through: the lane of its leader, or the lane -1 while no leader is known.
 *
 * A partition changes lanes only in `reroute`, which moves its waiting records along, so that records of one partition
 * never sit in two lanes. A partition without a leader and without records is forgotten there: whoever may ask for a reply
 * names topics, any number of them.
 */
import type { TopicPartition } from "../../kafka/KafkaRecord.ts"
import { PublishLane } from "./publishLane.ts"

export const nameOf = ({ partition, topic }: TopicPartition): string => `${topic}-${partition}`

export class PublishRoutes {
  readonly #leaderOf: (topic: string, partition: number) => number
  readonly #lanes = new Map<number, PublishLane>()
  readonly #routes = new Map<string, Map<number, PublishLane>>()

  constructor(leaderOf: (topic: string, partition: number) => number) {
    this.#leaderOf = leaderOf
  }

  get lanes(): Iterable<PublishLane> {
    return this.#lanes.values()
  }

  /** The lane of a partition, as of the last `reroute`. */
  laneOf({ partition, topic }: TopicPartition): PublishLane {
    let partitions = this.#routes.get(topic)
    if (partitions === undefined) this.#routes.set(topic, (partitions = new Map()))
    let lane = partitions.get(partition)
    if (lane === undefined) {
      lane = this.#laneTo(this.#leaderOf(topic, partition))
      partitions.set(partition, lane)
      if (lane.isLooking) lane.overlooked.add(nameOf({ topic, partition }))
    }
    return lane
  }

  /** The topics that have a partition in this lane. */
  topicsIn(lane: PublishLane): ReadonlyArray<string> {
    return Array.from(this.#routes)
      .filter(([, partitions]) => [...partitions.values()].includes(lane))
      .map(([topic]) => topic)
  }

  /** Moves every partition to the lane of its leader of now, and returns the lanes that got records. */
  reroute(): ReadonlySet<PublishLane> {
    const grown = new Set<PublishLane>()
    const leaderless = this.#lanes.get(-1)?.publications() ?? []
    const waiting = new Set(Array.from(leaderless, nameOf))
    for (const [topic, partitions] of this.#routes) {
      for (const [partition, from] of partitions) {
        const leader = this.#leaderOf(topic, partition)
        if (leader < 0 && from.leader < 0 && !waiting.has(nameOf({ topic, partition }))) partitions.delete(partition)
        if (leader === from.leader) continue
        const to = this.#laneTo(leader)
        partitions.set(partition, to)
        to.offerFirst(from.remove((publication) => publication.topic === topic && publication.partition === partition))
        if (from.size === 0) from.failures = 0
        grown.add(to)
      }
      if (partitions.size === 0) this.#routes.delete(topic)
    }
    return grown
  }

  #laneTo(leader: number): PublishLane {
    let lane = this.#lanes.get(leader)
    if (lane === undefined) this.#lanes.set(leader, (lane = new PublishLane(leader)))
    return lane
  }
}

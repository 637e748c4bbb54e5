/**
 * The cluster's cached metadata, asked synchronously.
 */
import type { Cluster, Metadata, TopicMetadata } from "./kafkajsInternals.ts"

interface Topic {
  readonly partitions: number
  /** By partition id; -1 while there is none. */
  readonly leaders: ReadonlyArray<number>
}

const noPartitions: ReadonlyMap<string, Topic> = new Map()

// UNKNOWN_TOPIC_OR_PARTITION, and INVALID_TOPIC_EXCEPTION for names that no topic can have.
const missing = new Set([3, 17])
// Said of missing topics too, to those who may not know.
const topicAuthorizationFailed = 29

const toTopic = ({ partitionMetadata }: TopicMetadata): Topic => {
  const leaders: Array<number> = []
  for (const { leader, partitionId } of partitionMetadata) leaders[partitionId] = leader
  return { partitions: partitionMetadata.length, leaders }
}

export class MetadataView {
  readonly #cluster: Cluster
  #source: Metadata | null = null
  #topics = noPartitions

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** Includes the topic in every following refresh, until it turns out to be missing. */
  register(topic: string): void {
    this.#cluster.targetTopics.add(topic)
  }

  /** The number of partitions, or undefined when the topic is not in the metadata. */
  partitions(topic: string): number | undefined {
    return this.#current().get(topic)?.partitions
  }

  /** The leader's broker id, or -1 when it is not known now. A topic asked for the first time is registered. */
  leaderOf(topic: string, partition: number): number {
    const found = this.#current().get(topic)
    if (found === undefined) this.register(topic)
    return found?.leaders[partition] ?? -1
  }

  /** Why a topic is not in the metadata: Kafka's error code, or 0 when it does not exist as far as is known. */
  obstacleTo(topic: string): number {
    const found = this.#cluster.brokerPool.metadata?.topicMetadata.find((known) => known.topic === topic)
    return found === undefined || missing.has(found.topicErrorCode) ? 0 : found.topicErrorCode
  }

  /** Stops asking for topics that do not exist for us: their names may come from foreign records, and must not add up. */
  forgetMissing(): void {
    for (const { topic, topicErrorCode } of this.#cluster.brokerPool.metadata?.topicMetadata ?? []) {
      if (missing.has(topicErrorCode) || topicErrorCode === topicAuthorizationFailed)
        this.#cluster.targetTopics.delete(topic)
    }
  }

  #current(): ReadonlyMap<string, Topic> {
    const metadata = this.#cluster.brokerPool.metadata
    if (metadata !== this.#source) {
      this.#source = metadata
      const all = metadata?.topicMetadata ?? []
      const known = all.filter(({ topicErrorCode }) => topicErrorCode === 0)
      this.#topics = new Map(known.map((topic) => [topic.topic, toTopic(topic)]))
    }
    return this.#topics
  }
}

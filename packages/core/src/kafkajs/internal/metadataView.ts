/**
 * The known brokers, topics and leaders of the cluster: read synchronously, with a signal at every change.
 *
 * Answers come from different brokers, and some brokers are behind: a leader of an older epoch never replaces a newer one
 * (KIP-320), and a former id of a topic never replaces its present id.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { BrokerAddress, Metadata, PartitionMetadata, TopicMetadata } from "../../protocol/metadataCodec.ts"
import { topicAuthorizationFailed } from "./errorCode.ts"

interface Topic {
  readonly topicId: string | undefined
  /** By partition. */
  readonly partitions: ReadonlyArray<PartitionMetadata>
  /** Former ids of the topic, the newest first. */
  readonly former: ReadonlyArray<string>
}

// UNKNOWN_TOPIC_OR_PARTITION, and INVALID_TOPIC_EXCEPTION for names that no topic can have.
const missing = new Set([3, 17])
const maxFormer = 8
const maxRefusals = 1_000

export const isMissing = ({ errorCode }: TopicMetadata): boolean => missing.has(errorCode)

const byPartition = ({ partitions }: TopicMetadata): ReadonlyArray<PartitionMetadata> => {
  const all: Array<PartitionMetadata> = []
  for (const partition of partitions) all[partition.partition] = partition
  return all
}

/** Combines the known state of a topic with a broker's answer; for each partition the newer epoch wins. */
const merge = (known: Topic | undefined, said: TopicMetadata): Topic => {
  const { topicId } = said
  if (known === undefined) return { topicId, partitions: byPartition(said), former: [] }
  if (topicId !== undefined && known.former.includes(topicId)) return known
  if (topicId !== known.topicId) {
    const former = known.topicId === undefined ? known.former : [known.topicId, ...known.former].slice(0, maxFormer)
    return { topicId, partitions: byPartition(said), former }
  }
  const partitions = byPartition(said).map((now, partition) => {
    const before = known.partitions[partition]
    return before !== undefined && now.leaderEpoch < before.leaderEpoch ? before : now
  })
  return { topicId, partitions, former: known.former }
}

const isSame = (a: Topic | undefined, b: Topic): boolean =>
  a !== undefined &&
  a.topicId === b.topicId &&
  a.partitions.length === b.partitions.length &&
  b.partitions.every(({ leader }, partition) => a.partitions[partition]?.leader === leader)

export class MetadataView {
  /** The topics that every refresh asks for. */
  readonly targets = new Set<string>()
  readonly #topics = new Map<string, Topic>()
  readonly #refusals = new Map<string, number>()
  #changed = Deferred.makeUnsafe<void>()
  brokers: ReadonlyArray<BrokerAddress> = []
  controllerId = -1

  /** Includes the topic in every following refresh, until it turns out to be missing. */
  register(topic: string): void {
    this.targets.add(topic)
  }

  /** The number of partitions, or undefined when the topic is not in the metadata. */
  partitions(topic: string): number | undefined {
    return this.#topics.get(topic)?.partitions.length
  }

  /** The leader's broker id, or -1 when it is not known. Registers a topic that is not known. */
  leaderOf(topic: string, partition: number): number {
    const found = this.#topics.get(topic)
    if (found === undefined) this.register(topic)
    return found?.partitions[partition]?.leader ?? -1
  }

  /** The leader's epoch, or -1 when it is not known. */
  leaderEpochOf(topic: string, partition: number): number {
    return this.#topics.get(topic)?.partitions[partition]?.leaderEpoch ?? -1
  }

  /** Undefined when the topic, or its id, is not known. */
  topicIdOf(topic: string): string | undefined {
    return this.#topics.get(topic)?.topicId
  }

  /** Why a topic is not in the metadata: Kafka's error code, or 0 when it does not seem to exist. */
  refusalTo(topic: string): number {
    return this.#refusals.get(topic) ?? 0
  }

  /** Takes in a broker's answer. Forgets missing topics: their names may come from foreign records, and must not accumulate. */
  absorb({ brokers, controllerId, topics }: Metadata): void {
    this.brokers = brokers
    this.controllerId = controllerId
    let isChanged = false
    for (const said of topics) {
      const { errorCode, topic } = said
      const known = this.#topics.get(topic)
      if (errorCode === 0) {
        const now = merge(known, said)
        isChanged ||= !isSame(known, now)
        this.#topics.set(topic, now)
        this.#refusals.delete(topic)
        continue
      }
      this.#refusals.set(topic, missing.has(errorCode) ? 0 : errorCode)
      // Other errors are temporary (a leader is being elected): the known state stays.
      if (!missing.has(errorCode) && errorCode !== topicAuthorizationFailed) continue
      isChanged ||= known !== undefined
      this.targets.delete(topic)
      this.#topics.delete(topic)
    }
    for (const topic of this.#refusals.keys()) {
      if (this.#refusals.size <= maxRefusals) break
      this.#refusals.delete(topic)
    }
    if (!isChanged) return
    const changed = this.#changed
    this.#changed = Deferred.makeUnsafe<void>()
    Deferred.doneUnsafe(changed, Exit.void)
  }

  /** Waits for the next change of leaders or topics. */
  get change(): Effect.Effect<void> {
    return Effect.suspend(() => Deferred.await(this.#changed))
  }

  /** Waits until the condition holds; tests it at once and after every change. */
  until(holds: () => boolean): Effect.Effect<void> {
    return Effect.suspend(() => (holds() ? Effect.void : Effect.andThen(this.change, this.until(holds))))
  }
}

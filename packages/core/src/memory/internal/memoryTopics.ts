/**
 * The topics of the in-memory broker: created, deleted, described, and appended to.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type ConsumedRecord, type OutgoingRecord, type TopicPartition } from "../../kafka/KafkaRecord.ts"
import type { TopicDescription, TopicSpec } from "../../kafka/Transport.ts"
import {
  because,
  NoSuchPartition,
  NoSuchTopic,
  Refused,
  TooLarge,
  type TransportError
} from "../../kafka/TransportError.ts"
import { encodedSize, MemoryLog } from "./memoryLog.ts"

interface MemoryTopic {
  readonly spec: TopicSpec
  readonly logs: ReadonlyArray<MemoryLog>
}

type Configs = Readonly<Record<string, string>>

/** The brokers' default of `max.message.bytes`: a batch may not be larger. */
const defaultMaxBatchBytes = 1_048_588

/** Whether the broker keeps only the newest record of each key, so that every record needs one. */
const isCompacted = ({ "cleanup.policy": policy = "" }: Configs): boolean =>
  policy.split(",").some((one) => one.trim() === "compact")

/** Why a partition cannot be used; `found` describes its topic, if there is one. */
export const partitionNotFound = (
  found: TopicDescription | undefined,
  { partition, topic }: TopicPartition
): TransportError =>
  because(
    found === undefined
      ? new NoSuchTopic({ topic })
      : new NoSuchPartition({ topic, partition, partitions: found.partitions })
  )

/** Why a broker would not append a batch, or undefined when it would. */
const refusalOf = (topic: string, configs: Configs, records: ReadonlyArray<OutgoingRecord>) => {
  if (isCompacted(configs) && records.some(({ key }) => key === null)) {
    return new Refused({
      code: "INVALID_RECORD",
      detail: `compacted topic ${topic} takes no record without a key`
    })
  }
  const limit = Number(configs["max.message.bytes"] ?? defaultMaxBatchBytes)
  const size = records.reduce((sum, record) => sum + encodedSize(record), 0)
  return size > limit ? new TooLarge({ topic, detail: `a batch of ${size} bytes, limit ${limit}` }) : undefined
}

export class MemoryTopics {
  readonly #clock: Clock.Clock
  readonly #topics = new Map<string, MemoryTopic>()
  #created = 0

  constructor(clock: Clock.Clock) {
    this.#clock = clock
  }

  /** Whether it was created: false when there is one of this name. */
  create(spec: TopicSpec): boolean {
    if (this.#topics.has(spec.name)) return false
    const id = `topic-${this.#created++}`
    const logs = Array.from({ length: spec.partitions }, (_, partition) => new MemoryLog(spec.name, partition, id))
    this.#topics.set(spec.name, { spec, logs })
    return true
  }

  delete(name: string): void {
    this.#topics.delete(name)
  }

  describe(name: string): TopicDescription | undefined {
    const topic = this.#topics.get(name)
    return topic === undefined ? undefined : { name, partitions: topic.logs.length, replicationFactor: 1 }
  }

  configs(name: string): Configs {
    return this.#topics.get(name)?.spec.configs ?? {}
  }

  /** The logs of its partitions; none when there is no such topic. */
  logs(name: string): ReadonlyArray<MemoryLog> {
    return this.#topics.get(name)?.logs ?? []
  }

  /** Everything in a topic, by partition and offset. */
  records(name: string): ReadonlyArray<ConsumedRecord> {
    return this.logs(name).flatMap((log) => log.read(0, log.end))
  }

  /** Appends records of one partition, all or none of them, and returns the first one's offset. */
  append(to: TopicPartition, records: ReadonlyArray<OutgoingRecord>): Effect.Effect<number, TransportError> {
    return Effect.suspend(() => {
      const { partition, topic } = to
      const log = this.logs(topic)[partition]
      if (log === undefined) return Effect.fail(partitionNotFound(this.describe(topic), to))
      const refusal = refusalOf(topic, this.configs(topic), records)
      if (refusal !== undefined) return Effect.fail(because(refusal))
      const first = log.end
      const now = this.#clock.currentTimeMillisUnsafe()
      for (const record of records) log.append(record, now)
      return Effect.succeed(first)
    })
  }
}

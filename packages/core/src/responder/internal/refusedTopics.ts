/**
 * The reply topics that take no replies now, and why: a state, beside the counts and the one warning that the log gets.
 *
 * Each partition by itself, since each may have another leader: from the first reply that could not be written until one is
 * written there again. Bounded: requesters
 * choose their topics.
 */
import { partitionKey, type TopicPartition } from "../../kafka/KafkaRecord.ts"
import type { TransportError } from "../../kafka/TransportError.ts"

/** Replies to one partition that are not written. */
export interface RefusedReplies extends TopicPartition {
  /** What the brokers said last, and what is to be done about it. */
  readonly why: string
  /** Since when, epoch milliseconds. */
  readonly since: number
  /** How many replies could not be written since then. */
  readonly count: number
}

const maxPartitions = 1_000

export class RefusedTopics {
  readonly #refused = new Map<string, RefusedReplies>()

  /** Those that take no replies, the one first that has taken none for the longest time. */
  all(): ReadonlyArray<RefusedReplies> {
    return Array.from(this.#refused.values())
  }

  /** A reply could not be written; `now` is the wall clock. */
  refused(at: TopicPartition, { message }: TransportError, advice: string, now: number): void {
    const key = partitionKey(at)
    const known = this.#refused.get(key)
    if (known === undefined && this.#refused.size >= maxPartitions) return
    const { count, since } = known ?? { count: 0, since: now }
    const { partition, topic } = at
    this.#refused.set(key, { topic, partition, why: `${message}; ${advice}`, since, count: count + 1 })
  }

  /** A reply was written. */
  written(at: TopicPartition): void {
    if (this.#refused.size > 0) this.#refused.delete(partitionKey(at))
  }
}

/**
 * Which broker leads which partition, and which brokers are cut off or frozen.
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import { partitionKey, type TopicPartition } from "../../kafka/KafkaRecord.ts"
import { because, type TransportError, Unreachable } from "../../kafka/TransportError.ts"

export class Leaders {
  readonly #count: number
  readonly #moved = new Map<string, number>()
  readonly #cut = new Set<number>()
  readonly #frozen = new Map<number, Latch.Latch>()

  constructor(count: number) {
    this.#count = count
  }

  leaderOf(partition: TopicPartition): number {
    return this.#moved.get(partitionKey(partition)) ?? partition.partition % this.#count
  }

  move(partition: TopicPartition, leader: number): void {
    this.#moved.set(partitionKey(partition), leader)
  }

  cut(leader: number): void {
    this.#cut.add(leader)
  }

  freeze(leader: number): void {
    if (!this.#frozen.has(leader)) this.#frozen.set(leader, Latch.makeUnsafe(false))
  }

  heal(leader: number): void {
    this.#cut.delete(leader)
    this.#frozen.get(leader)?.openUnsafe()
    this.#frozen.delete(leader)
  }

  /** Whether no broker answers. */
  get isAllCut(): boolean {
    return this.#cut.size >= this.#count
  }

  /** Waits while the leader is frozen; fails when it is cut off. */
  reach(leader: number): Effect.Effect<void, TransportError> {
    return Effect.suspend(() => {
      const frozen = this.#frozen.get(leader)
      if (frozen !== undefined) return Effect.asVoid(frozen.await)
      return this.#cut.has(leader) ? Effect.fail(unreachable) : Effect.void
    })
  }
}

export const unreachable = because(new Unreachable({ brokers: ["memory"], detail: "an injected fault" }))

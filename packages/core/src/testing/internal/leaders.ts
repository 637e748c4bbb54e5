/**
 * Which broker leads which partition, and which brokers are cut off or frozen.
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import { partitionKey, type TopicPartition } from "../../kafka/KafkaRecord.ts"
import { because, NoAnswer, type TransportError, Unreachable } from "../../kafka/TransportError.ts"

export class Leaders {
  readonly #count: number
  readonly #moved = new Map<string, number>()
  readonly #cut = new Set<number>()
  /** Those of them that can be read from all the same. */
  readonly #readable = new Set<number>()
  readonly #frozen = new Map<number, Latch.Latch>()
  readonly #watchers = new Set<() => void>()

  constructor(count: number) {
    this.#count = count
  }

  leaderOf(partition: TopicPartition): number {
    return this.#moved.get(partitionKey(partition)) ?? partition.partition % this.#count
  }

  move(partition: TopicPartition, leader: number): void {
    this.#moved.set(partitionKey(partition), leader)
    this.#changed()
  }

  cut(leader: number, isReadable: boolean): void {
    this.#cut.add(leader)
    if (isReadable) this.#readable.add(leader)
    this.#changed()
  }

  freeze(leader: number): void {
    if (!this.#frozen.has(leader)) this.#frozen.set(leader, Latch.makeUnsafe(false))
    this.#changed()
  }

  heal(leader: number): void {
    this.#cut.delete(leader)
    this.#readable.delete(leader)
    this.#frozen.get(leader)?.openUnsafe()
    this.#frozen.delete(leader)
    this.#changed()
  }

  /** How the partition's leader is for readers. */
  stateOf(partition: TopicPartition): "cut" | "frozen" | "up" {
    const leader = this.leaderOf(partition)
    if (this.#frozen.has(leader)) return "frozen"
    return this.#cut.has(leader) && !this.#readable.has(leader) ? "cut" : "up"
  }

  /** Calls the function at each change, until the returned one is called. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed)
    return () => void this.#watchers.delete(changed)
  }

  #changed(): void {
    for (const changed of this.#watchers) changed()
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

export const silent = because(new NoAnswer({ detail: "an injected fault" }))

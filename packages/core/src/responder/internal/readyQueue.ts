/**
 * Those who only want a place: the more urgent before the less, and of equal ones each share in its turn. Pure.
 */
import { priorities } from "../../contract/Contract.ts"
import { FairShares, type Shared } from "./fairShares.ts"

export interface Ready<E extends Ready<E>> extends Shared<E> {
  /** An index of `priorities`. */
  readonly level: number
}

export class ReadyQueue<E extends Ready<E>> {
  readonly #levels = priorities.map(() => new FairShares<E>())
  #size = 0

  get size(): number {
    return this.#size
  }

  *members(): Iterable<E> {
    for (const level of this.#levels) yield* level.members()
  }

  add(one: E, at: number): void {
    this.#levels[one.level]!.add(one, at)
    this.#size++
  }

  remove(one: E): void {
    this.#levels[one.level]!.remove(one)
    this.#size--
  }

  take(at: number): E | undefined {
    if (this.#size === 0) return undefined
    for (const level of this.#levels) {
      if (level.size === 0) continue
      this.#size--
      return level.take(at)
    }
    return undefined
  }

  /** Who has to go first where there are too many: of the least urgent, the oldest of the share that has most of them. */
  get crowding(): E | undefined {
    for (let level = this.#levels.length - 1; level >= 0; level--) {
      const found = this.#levels[level]!.crowding
      if (found !== undefined) return found
    }
    return undefined
  }
}

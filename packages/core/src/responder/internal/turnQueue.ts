/**
 * Who waits for a place: in the order they came while that is a moment ago, and then the newest first.
 *
 * A queue that stands for longer is one that cannot be worked off: who came first has the least time left, and served
 * first would have none when it ends. Pure; leaving costs the same however many wait.
 */
import { AgeOrder, type Aging } from "./ageOrder.ts"

export interface Turn<E extends Turn<E>> extends Aging<E> {
  /** Since when it could have a place, monotonic milliseconds. */
  readyAt: number
  /** The queue it stands in. */
  queue: TurnQueue<E> | undefined
}

// What a burst that fits the capacity waits at most; a handler that waits for a database takes about as long.
export const freshMillis = 100

export class TurnQueue<E extends Turn<E>> {
  readonly #order = new AgeOrder<E>()
  /** The oldest that may be fresh: those before it are not. */
  #fresh: E | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  get oldest(): E | undefined {
    return this.#order.oldest
  }

  /** All of them, the one that came first at the beginning. */
  *members(): Iterable<E> {
    for (let one = this.#order.oldest; one !== undefined; one = one.newer) yield one
  }

  add(one: E, at: number): void {
    one.readyAt = at
    one.queue = this
    this.#order.add(one)
    this.#fresh ??= one
    this.#size++
  }

  remove(one: E): void {
    one.queue = undefined
    if (one === this.#fresh) this.#fresh = one.newer
    this.#order.remove(one)
    this.#size--
  }

  /** Takes out whose turn it is. */
  take(at: number): E | undefined {
    while (this.#fresh !== undefined && at - this.#fresh.readyAt > freshMillis) this.#fresh = this.#fresh.newer
    const next = this.#fresh ?? this.#order.newest
    if (next !== undefined) this.remove(next)
    return next
  }
}

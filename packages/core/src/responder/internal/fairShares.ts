/**
 * Who of several shares, as of the tenants of a service, has the next place: the one whose requests have had the least time
 * of the places so far. A share that had nothing to do saves up nothing.
 *
 * Start-time fair queueing, by the time that runs of an operation are known to take. Pure.
 */
import { type Turn, TurnQueue } from "./turnQueue.ts"

export interface Shared<E extends Shared<E>> extends Turn<E> {
  /** Undefined where shares are not told apart, or it names none. */
  readonly share: string | undefined
  /** Milliseconds that its run is expected to take. */
  readonly cost: number
}

class Share<E extends Shared<E>> {
  readonly queue = new TurnQueue<E>()
  /** The time its runs have had, on a clock that all shares have in common. */
  used: number
  constructor(used: number) {
    this.used = used
  }
}

// Whoever names shares at will must not make the choice slow: those beyond are one.
const maxShares = 256
const others = ""

export class FairShares<E extends Shared<E>> {
  readonly #shares = new Map<string | undefined, Share<E>>()
  /** Where the share stood that was served last: who comes new starts there. */
  #floor = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  add(one: E, at: number): void {
    this.#shareOf(one.share).queue.add(one, at)
    this.#size++
  }

  remove(one: E): void {
    one.queue!.remove(one)
    this.#size--
  }

  *members(): Iterable<E> {
    for (const { queue } of this.#shares.values()) yield* queue.members()
  }

  take(at: number): E | undefined {
    if (this.#size === 0) return undefined
    const share = this.#shares.size === 1 ? this.#first() : this.#least()
    this.#floor = share.used
    const next = share.queue.take(at)!
    share.used += Math.max(1, next.cost)
    this.#size--
    return next
  }

  /** The one that has waited longest in the share with the most that wait. */
  get crowding(): E | undefined {
    let most: Share<E> | undefined
    for (const share of this.#shares.values()) {
      if (most === undefined || share.queue.size > most.queue.size) most = share
    }
    return most?.queue.oldest
  }

  #first(): Share<E> {
    const [share] = this.#shares.values()
    return share!
  }

  /** The one that has had least of those that want something; forgets those that want nothing and owe nothing. */
  #least(): Share<E> {
    let least: Share<E> | undefined
    for (const [name, share] of this.#shares) {
      if (share.queue.size === 0) {
        if (share.used <= this.#floor) this.#shares.delete(name)
      } else if (least === undefined || share.used < least.used) least = share
    }
    return least!
  }

  #shareOf(name: string | undefined): Share<E> {
    const known = this.#shares.get(name)
    if (known !== undefined) {
      if (known.queue.size === 0 && known.used < this.#floor) known.used = this.#floor
      return known
    }
    if (this.#shares.size >= maxShares && name !== others) return this.#shareOf(others)
    const share = new Share<E>(this.#floor)
    this.#shares.set(name, share)
    return share
  }
}

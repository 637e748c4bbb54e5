/**
 * Whose turn it is: at most so many requests run at one time, and of each key one, in the order they came.
 *
 * Pure. Nothing is started here: `take` returns whoever is next. Leaving costs the same however many wait.
 */
import { AgeOrder, type Aging } from "./ageOrder.ts"

class Lane<A extends Aging<A>> {
  /** Who is ready or runs. */
  holder: A
  readonly waiting = new AgeOrder<A>()
  size = 0
  constructor(holder: A) {
    this.holder = holder
  }
}

export class Schedule<A extends Aging<A>> {
  readonly #concurrency: number
  /** Those who may run as soon as there is a place. */
  readonly #ready = new AgeOrder<A>()
  /** Keys with a request that is ready or runs. */
  readonly #lanes = new Map<string, Lane<A>>()
  #running = 0
  #waiting = 0
  #isHeld = false

  constructor(concurrency: number) {
    this.#concurrency = concurrency
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiting
  }

  get hasPlace(): boolean {
    return this.#running < this.#concurrency
  }

  /** How many wait behind a key. */
  waitingFor(key: string): number {
    return this.#lanes.get(key)?.size ?? 0
  }

  /** Who waits behind a key, the first one first. */
  *behind(key: string): Iterable<A> {
    for (let one = this.#lanes.get(key)?.waiting.oldest; one !== undefined; one = one.newer) yield one
  }

  /** Who has a key: it is ready, or runs. */
  holderOf(key: string): A | undefined {
    return this.#lanes.get(key)?.holder
  }

  /** Everything that waits, the one that starts next first. */
  *queued(): Iterable<A> {
    for (let one = this.#ready.oldest; one !== undefined; one = one.newer) yield one
    for (const { waiting } of this.#lanes.values()) {
      for (let one = waiting.oldest; one !== undefined; one = one.newer) yield one
    }
  }

  offer(one: A, key: string | undefined): void {
    this.#waiting++
    if (key !== undefined) {
      const lane = this.#lanes.get(key)
      if (lane !== undefined) {
        lane.waiting.add(one)
        lane.size++
        return
      }
      this.#lanes.set(key, new Lane(one))
    }
    this.#ready.add(one)
  }

  /** Offers one that came before all who wait behind its key. */
  offerFirst(one: A, key: string): void {
    const lane = this.#lanes.get(key)
    if (lane === undefined) return this.offer(one, key)
    this.#waiting++
    lane.waiting.addOldest(one)
    lane.size++
  }

  /** Who runs next, if anybody may: it has a place from now on, until `finished`. */
  take(): A | undefined {
    if (this.#isHeld || this.#running >= this.#concurrency) return undefined
    const next = this.#ready.oldest
    if (next === undefined) return undefined
    this.#ready.remove(next)
    this.#running++
    this.#waiting--
    return next
  }

  /** Who was taken has ended: its place and its key are free. */
  finished(key: string | undefined): void {
    this.#running--
    this.#giveUp(key)
  }

  /** Who waits does so no longer. */
  leave(one: A, key: string | undefined): void {
    this.#waiting--
    const lane = key === undefined ? undefined : this.#lanes.get(key)
    if (lane !== undefined && lane.holder !== one) {
      lane.waiting.remove(one)
      lane.size--
      return
    }
    this.#ready.remove(one)
    this.#giveUp(key)
  }

  /** Lets nobody start until `resume`. */
  hold(): void {
    this.#isHeld = true
  }

  resume(): void {
    this.#isHeld = false
  }

  /** A key is free: whoever waits behind it is next. */
  #giveUp(key: string | undefined): void {
    if (key === undefined) return
    const lane = this.#lanes.get(key)
    if (lane === undefined) return
    const next = lane.waiting.oldest
    if (next === undefined) {
      this.#lanes.delete(key)
      return
    }
    lane.waiting.remove(next)
    lane.size--
    lane.holder = next
    this.#ready.add(next)
  }
}

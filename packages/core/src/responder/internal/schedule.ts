/**
 * Whose turn it is: at most so many requests run at one time, of each key one, in the order they came, and of an operation
 * as many as its gate lets through. Of those who only want a place `ReadyQueue` chooses.
 *
 * Pure. Nothing is started here: `take` returns whoever is next. Leaving costs the same however many wait.
 */
import { AgeOrder } from "./ageOrder.ts"
import type { Gate } from "./operationLoad.ts"
import { type Ready, ReadyQueue } from "./readyQueue.ts"

export interface Scheduled<E extends Scheduled<E>> extends Ready<E> {
  /** Requests with the same one run in order. */
  readonly laneKey: string | undefined
  readonly gate: Gate<E> | undefined
}

class Lane<A extends Scheduled<A>> {
  /** Who is ready or runs. */
  holder: A
  readonly waiting = new AgeOrder<A>()
  size = 0
  constructor(holder: A) {
    this.holder = holder
  }
}

export class Schedule<A extends Scheduled<A>> {
  /** How many may run at one time. May change; those who run go on. */
  limit: number
  /** Those who may run as soon as there is a place. */
  readonly #ready = new ReadyQueue<A>()
  /** Keys with a request that is ready or runs. */
  readonly #lanes = new Map<string, Lane<A>>()
  /** Gates that were closed to somebody. */
  readonly #gates = new Set<Gate<A>>()
  /** The lane with the most that wait, as far as that was seen while they came. */
  #hottest: Lane<A> | undefined
  #running = 0
  #waiting = 0
  #isHeld = false

  constructor(limit: number) {
    this.limit = limit
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiting
  }

  /** How many wait for a place and nothing else. */
  get ready(): number {
    return this.#ready.size
  }

  get hasPlace(): boolean {
    return this.#running < this.limit
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

  /** Everything that waits. */
  *queued(): Iterable<A> {
    yield* this.#ready.members()
    for (const { parked } of this.#gates) yield* parked.members()
    for (const { waiting } of this.#lanes.values()) {
      for (let one = waiting.oldest; one !== undefined; one = one.newer) yield one
    }
  }

  /** Whether it would wait for more than a place. */
  isBlocked({ gate, laneKey }: A): boolean {
    return gate?.isOpen === false || (laneKey !== undefined && this.#lanes.has(laneKey))
  }

  /** Whether anybody else could use the place of one that was just taken. */
  isContended({ laneKey }: A): boolean {
    return this.#ready.size > 0 || (laneKey !== undefined && this.waitingFor(laneKey) > 0)
  }

  offer(one: A, at: number): void {
    const { laneKey } = one
    this.#waiting++
    if (laneKey !== undefined) {
      const lane = this.#lanes.get(laneKey)
      if (lane !== undefined) {
        lane.waiting.add(one)
        return this.#grown(lane)
      }
      this.#lanes.set(laneKey, new Lane(one))
    }
    this.#enter(one, at)
  }

  /** Offers one that came before all who wait behind its key. */
  offerFirst(one: A, at: number): void {
    const lane = one.laneKey === undefined ? undefined : this.#lanes.get(one.laneKey)
    if (lane === undefined) return this.offer(one, at)
    this.#waiting++
    lane.waiting.addOldest(one)
    this.#grown(lane)
  }

  /** Who runs next, if anybody may: it has a place from now on, until `finished`. */
  take(at: number): A | undefined {
    if (this.#isHeld || this.#running >= this.limit) return undefined
    const next = this.#ready.take(at)
    if (next === undefined) return undefined
    this.#running++
    this.#waiting--
    return next
  }

  /** Who was taken has ended: its place and its key are free. */
  finished(one: A, at: number): void {
    this.#running--
    this.#leaveGate(one.gate, at)
    this.#giveUp(one.laneKey, at)
  }

  /** Who waits does so no longer. */
  leave(one: A, at: number): void {
    const { gate, laneKey } = one
    this.#waiting--
    const lane = laneKey === undefined ? undefined : this.#lanes.get(laneKey)
    if (lane !== undefined && lane.holder !== one) {
      lane.waiting.remove(one)
      lane.size--
      return
    }
    if (gate !== undefined && one.queue === gate.parked) gate.parked.remove(one)
    else {
      this.#ready.remove(one)
      this.#leaveGate(gate, at)
    }
    this.#giveUp(laneKey, at)
  }

  /** Lets nobody start until `resume`. */
  hold(): void {
    this.#isHeld = true
  }

  resume(): void {
    this.#isHeld = false
  }

  /** The one that has waited longest where most wait for more than a place: behind a key, or at a gate. */
  get crowding(): A | undefined {
    let size = this.#hottest?.size ?? 0
    let found = this.#hottest?.waiting.oldest
    for (const { parked } of this.#gates) {
      if (parked.size > size) [size, found] = [parked.size, parked.oldest]
    }
    return found
  }

  /** Who has to go first of those who only want a place. */
  get lastReady(): A | undefined {
    return this.#ready.crowding
  }

  #grown(lane: Lane<A>): void {
    lane.size++
    if (lane.size > (this.#hottest?.size ?? 0)) this.#hottest = lane
  }

  #enter(one: A, at: number): void {
    const { gate } = one
    if (gate !== undefined) {
      if (!gate.isOpen) {
        this.#gates.add(gate)
        return gate.parked.add(one, at)
      }
      gate.through++
    }
    this.#ready.add(one, at)
  }

  #leaveGate(gate: Gate<A> | undefined, at: number): void {
    if (gate === undefined) return
    gate.through--
    const next = gate.parked.take(at)
    if (next !== undefined) this.#enter(next, at)
  }

  /** A key is free: whoever waits behind it is next. */
  #giveUp(key: string | undefined, at: number): void {
    if (key === undefined) return
    const lane = this.#lanes.get(key)
    if (lane === undefined) return
    const next = lane.waiting.oldest
    if (next === undefined) {
      this.#lanes.delete(key)
      if (lane === this.#hottest) this.#hottest = undefined
      return
    }
    lane.waiting.remove(next)
    lane.size--
    lane.holder = next
    this.#enter(next, at)
  }
}

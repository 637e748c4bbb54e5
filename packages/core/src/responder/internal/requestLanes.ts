/**
 * Whose turn it is: at most so many requests run at one time, and of each key one, in the order they came.
 *
 * Pure; generic in what a request is. A request is `waiting` from `offer` until `start` is called with it.
 */

export class RequestLanes<A> {
  readonly #concurrency: number
  readonly #start: (request: A) => void
  /** Requests that may run as soon as there is room. */
  #ready: Array<A> = []
  #head = 0
  /** Keys with a request that is ready or runs, and who waits behind it. */
  readonly #lanes = new Map<string, Array<A>>()
  #running = 0
  #waiting = 0
  #isHeld = false
  #isAdvancing = false

  /** `start` is called when a request's turn has come; it must lead to one call of `finished`. */
  constructor(concurrency: number, start: (request: A) => void) {
    this.#concurrency = concurrency
    this.#start = start
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiting
  }

  /** How many wait behind a key. */
  waitingFor(key: string): number {
    return this.#lanes.get(key)?.length ?? 0
  }

  /** Everything that waits, the one that starts next first. */
  *queued(): Iterable<A> {
    for (let i = this.#head; i < this.#ready.length; i++) yield this.#ready[i]!
    for (const lane of this.#lanes.values()) yield* lane
  }

  offer(request: A, key: string | undefined): void {
    this.#waiting++
    if (key !== undefined) {
      const lane = this.#lanes.get(key)
      if (lane !== undefined) {
        lane.push(request)
        return
      }
      this.#lanes.set(key, [])
    }
    this.#ready.push(request)
    this.#advance()
  }

  /** A request that was started has ended. */
  finished(key: string | undefined): void {
    this.#running--
    this.#giveUp(key)
    this.#advance()
  }

  /** Starts nothing until `resume`. */
  hold(): void {
    this.#isHeld = true
  }

  resume(): void {
    this.#isHeld = false
    this.#advance()
  }

  /** Forgets everything that waits and returns it; what runs keeps its key. */
  clear(keyOf: (request: A) => string | undefined): ReadonlyArray<A> {
    const ready = this.#ready.slice(this.#head)
    const forgotten = [...ready]
    this.#ready = []
    this.#head = 0
    for (const lane of this.#lanes.values()) forgotten.push(...lane.splice(0))
    // The key of a request that was ready is held by no one any more.
    for (const request of ready) {
      const key = keyOf(request)
      if (key !== undefined) this.#lanes.delete(key)
    }
    this.#waiting = 0
    return forgotten
  }

  /** Forgets those that wait and match; what waits behind them moves up. */
  drop(matches: (request: A) => boolean, keyOf: (request: A) => string | undefined): void {
    for (const [key, lane] of this.#lanes) {
      const kept = lane.filter((request) => !matches(request))
      this.#waiting -= lane.length - kept.length
      if (kept.length < lane.length) this.#lanes.set(key, kept)
    }
    const ready = this.#ready.slice(this.#head)
    this.#ready = []
    this.#head = 0
    for (const request of ready) {
      if (matches(request)) {
        this.#waiting--
        this.#giveUp(keyOf(request))
      } else this.#ready.push(request)
    }
  }

  /** A key is free: whoever waits behind it is next. */
  #giveUp(key: string | undefined): void {
    if (key === undefined) return
    const next = this.#lanes.get(key)?.shift()
    if (next === undefined) this.#lanes.delete(key)
    else this.#ready.push(next)
  }

  #advance(): void {
    // A request may end inside `start`; the loop below goes on with the next one, so that none adds to the stack.
    if (this.#isAdvancing) return
    this.#isAdvancing = true
    try {
      while (!this.#isHeld && this.#running < this.#concurrency && this.#head < this.#ready.length) {
        const request = this.#ready[this.#head++]!
        if (this.#head >= 1024 && this.#head * 2 >= this.#ready.length) {
          this.#ready = this.#ready.slice(this.#head)
          this.#head = 0
        }
        this.#running++
        this.#waiting--
        this.#start(request)
      }
    } finally {
      this.#isAdvancing = false
    }
    if (this.#head === this.#ready.length && this.#head > 0) {
      this.#ready = []
      this.#head = 0
    }
  }
}

/**
 * Time that passes only when nothing is left to do: it jumps to the next timer.
 *
 * All timers of one instant become runnable together, and the run queue's seed orders them.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { RunQueue, Task } from "./RunQueue.ts"

/** Where virtual time starts, epoch milliseconds. */
export const epoch = 1_700_000_000_000

interface Timer {
  readonly at: number
  readonly number: number
  readonly fire: Task
  isLive: boolean
}

/** Makes things happen later. */
export interface Timers {
  /** Milliseconds since an arbitrary origin. */
  readonly now: () => number
  /** Runs the task after so many milliseconds, unless the returned function is called before. */
  readonly after: (millis: number, task: Task) => () => void
}

export class VirtualClock implements Timers {
  readonly queue: RunQueue
  #now = epoch
  #numbers = 0
  // Latest first, so that the next one is popped.
  readonly #timers: Array<Timer> = []

  constructor(queue: RunQueue) {
    this.queue = queue
  }

  readonly now = (): number => this.#now

  get pending(): number {
    return this.#timers.reduce((count, timer) => count + (timer.isLive ? 1 : 0), 0)
  }

  readonly after = (millis: number, fire: Task): (() => void) => {
    const at = this.#now + Math.max(0, Math.ceil(millis))
    const timer: Timer = { at, number: this.#numbers++, fire, isLive: true }
    const timers = this.#timers
    let low = 0
    let high = timers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (timers[middle]!.at > at) low = middle + 1
      else high = middle
    }
    timers.splice(low, 0, timer)
    return () => {
      timer.isLive = false
    }
  }

  /** Moves to the next instant at which something is due; false when nothing ever will be. */
  advance(): boolean {
    const timers = this.#timers
    while (timers.length > 0 && !timers.at(-1)!.isLive) timers.pop()
    const next = timers.at(-1)
    if (next === undefined) return false
    this.#now = next.at
    while (timers.at(-1)?.at === this.#now) {
      const timer = timers.pop()!
      if (timer.isLive) this.queue.enqueue(() => timer.isLive && timer.fire())
    }
    return true
  }
}

/** Effect's clock over timers. `skew` milliseconds are added to the wall clock only: the monotonic one has no skew. */
export const clockOf = ({ after, now }: Timers, skew = 0): Clock.Clock => {
  const millis = () => now() + skew
  const nanos = () => BigInt(millis()) * 1_000_000n
  const monotonic = () => BigInt(now() - epoch) * 1_000_000n
  return {
    currentTimeMillisUnsafe: millis,
    currentTimeNanosUnsafe: nanos,
    monotonicTimeNanosUnsafe: monotonic,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanos: Effect.sync(monotonic),
    sleep: (duration) => {
      const delay = Duration.toMillis(duration)
      if (delay <= 0) return Effect.yieldNow
      if (!Number.isFinite(delay)) return Effect.never
      return Effect.callback<void>((resume) => Effect.sync(after(delay, () => resume(Effect.void))))
    }
  }
}

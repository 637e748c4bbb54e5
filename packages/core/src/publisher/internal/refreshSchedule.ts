/**
 * When the metadata is looked at: at once by whoever comes long after the last look, ever less often by those that are
 * still not helped, and soon for a partition that came while a look was under way. Pure.
 */
import type { BackoffLimits } from "./backoff.ts"

// Between two looks, however many partitions come that were not looked for yet.
const leastPauseMillis = 10

export class LookSchedule {
  readonly #limits: BackoffLimits
  #endedAt = Number.NEGATIVE_INFINITY
  #looksInRow = 0
  #isWanted = false
  #hasHelped = true
  isLooking = false
  /** When the next look is due, monotonic milliseconds; infinite when none is wanted. */
  dueAt = Number.POSITIVE_INFINITY

  constructor(limits: BackoffLimits) {
    this.#limits = limits
  }

  /** Somebody wants a look that begins from now on. */
  want(now: number): void {
    this.#isWanted = true
    if (this.isLooking || Number.isFinite(this.dueAt)) return
    if (now - this.#endedAt >= this.#limits.max) this.#looksInRow = 0
    this.dueAt = Math.max(now, this.#endedAt + this.#pause())
  }

  begin(): void {
    this.isLooking = true
    this.#hasHelped = false
    this.#isWanted = false
    this.dueAt = Number.POSITIVE_INFINITY
  }

  /** The look is over. `isSoon`: a partition came meanwhile that it said nothing of. */
  end(now: number, isSoon: boolean): void {
    this.isLooking = false
    this.#endedAt = now
    this.#looksInRow++
    if (isSoon) this.dueAt = now + leastPauseMillis
    else if (this.#isWanted) this.dueAt = now + this.#pause()
    // Whoever comes next must not wait for the looks that have helped those before it.
    else if (this.#hasHelped) this.#looksInRow = 0
  }

  /** The look under way leaves nobody without a leader. */
  helped(): void {
    this.#hasHelped = true
  }

  #pause(): number {
    const { max, min } = this.#limits
    return this.#looksInRow === 0 ? leastPauseMillis : Math.min(max, min * 2 ** Math.min(this.#looksInRow - 1, 16))
  }
}

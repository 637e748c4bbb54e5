/**
 * When metadata is refreshed: at once after a long pause, less and less often while partitions stay without a leader, and
 * soon again for a partition that was added during a refresh. Pure.
 */
import type { BackoffLimits } from "./backoff.ts"

// The least pause between two refreshes, however many partitions are added.
const leastPauseMillis = 10

export class RefreshSchedule {
  readonly #limits: BackoffLimits
  #endedAt = Number.NEGATIVE_INFINITY
  #refreshesInRow = 0
  #isWanted = false
  #hasHelped = true
  isRefreshing = false
  /** When the next refresh is due, monotonic milliseconds; infinite when none is wanted. */
  dueAt = Number.POSITIVE_INFINITY

  constructor(limits: BackoffLimits) {
    this.#limits = limits
  }

  /** Asks for a refresh that begins after this moment. */
  want(now: number): void {
    this.#isWanted = true
    if (this.isRefreshing || Number.isFinite(this.dueAt)) return
    if (now - this.#endedAt >= this.#limits.max) this.#refreshesInRow = 0
    this.dueAt = Math.max(now, this.#endedAt + this.#pause())
  }

  begin(): void {
    this.isRefreshing = true
    this.#hasHelped = false
    this.#isWanted = false
    this.dueAt = Number.POSITIVE_INFINITY
  }

  /** The refresh has ended. `isSoon`: a partition was added meanwhile that it does not cover. */
  end(now: number, isSoon: boolean): void {
    this.isRefreshing = false
    this.#endedAt = now
    this.#refreshesInRow++
    if (isSoon) this.dueAt = now + leastPauseMillis
    else if (this.#isWanted) this.dueAt = now + this.#pause()
    // A partition that is added later does not wait because of refreshes that were needed before it.
    else if (this.#hasHelped) this.#refreshesInRow = 0
  }

  /** The current refresh has found a leader for every partition. */
  helped(): void {
    this.#hasHelped = true
  }

  #pause(): number {
    const { max, min } = this.#limits
    return this.#refreshesInRow === 0
      ? leastPauseMillis
      : Math.min(max, min * 2 ** Math.min(this.#refreshesInRow - 1, 16))
  }
}

/**
 * When the metadata is looked at: at once by whoever comes long after the last refresh, ever less often by those that are
 * still not helped, and soon for a partition that came while a refresh was under way. Pure.
 */
import type { BackoffLimits } from "./backoff.ts"

// Between two refreshes, however many partitions come that were not looked for yet.
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

  /** Somebody wants a refresh that begins from now on. */
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

  /** The refresh is over. `isSoon`: a partition came meanwhile that it said nothing of. */
  end(now: number, isSoon: boolean): void {
    this.isRefreshing = false
    this.#endedAt = now
    this.#refreshesInRow++
    if (isSoon) this.dueAt = now + leastPauseMillis
    else if (this.#isWanted) this.dueAt = now + this.#pause()
    // Whoever comes next must not wait for the refreshes that have helped those before it.
    else if (this.#hasHelped) this.#refreshesInRow = 0
  }

  /** The refresh under way leaves nobody without a leader. */
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

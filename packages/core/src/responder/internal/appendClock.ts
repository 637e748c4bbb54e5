/**
 * How old a record of one partition was when it arrived, by the clock that stamped it as it is seen from here.
 *
 * That clock and ours differ by an amount that nobody tells, and a record that is read at once shows it: the least
 * difference that was seen is taken for it. It may rise slowly, so that a clock that was set back is followed. Pure.
 */

// A hundredth of the time that passes: a step back of 50 ms is forgotten in 5 s, and a backlog of a minute hides 0.6 s.
const rise = 0.01

export class AppendClock {
  readonly #skewMillis: number
  /** The least difference between arrival and stamp. */
  #least = Number.POSITIVE_INFINITY
  #seenAt = 0

  /** Clocks differ by `skewMillis` at most before anything is known. */
  constructor(skewMillis: number) {
    this.#skewMillis = skewMillis
  }

  /**
   * The age of a record at `at`, monotonic milliseconds. `wall` is epoch milliseconds at the same moment, `timestamp` what
   * the record says. It is never more than the record can be old, as far as that is known.
   */
  ageOf(timestamp: number, at: number, wall: number): number {
    const seen = at - timestamp
    // What is older than the clocks can differ is old, even when it is the first that is seen.
    if (this.#least === Number.POSITIVE_INFINITY) this.#least = at - wall + this.#skewMillis
    else this.#least += (at - this.#seenAt) * rise
    this.#seenAt = at
    if (seen <= this.#least) {
      this.#least = seen
      return 0
    }
    return seen - this.#least
  }
}

/** The age of a record whose time is of the requester's own clock: only what clocks cannot differ by is certain. */
export const certainAge = (timestamp: number, wall: number, skewMillis: number): number =>
  Math.max(0, wall - timestamp - skewMillis)

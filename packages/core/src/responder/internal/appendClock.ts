/**
 * How old a record of one partition was when it arrived, by the clock that stamped it as it is seen from here.
 *
 * That clock and ours differ by an amount that nobody tells, and a record that is read at once shows it: the least
 * difference that was seen is taken for it. It may rise slowly, so that a clock that was set back is followed. Pure.
 */

// A hundredth of the time that passes: a step back of 50 ms is forgotten in 5 s, and a backlog of a minute hides 0.6 s.
const rise = 0.01

export class AppendClock {
  /** The least difference between arrival and stamp. */
  #least = Number.POSITIVE_INFINITY
  #seenAt = 0

  /**
   * The age of a record that says `timestamp`, at `at`, monotonic milliseconds. Never more than it is; the first that is
   * seen counts as new, whatever our own clock says, which nobody has compared with that one.
   */
  ageOf(timestamp: number, at: number): number {
    const seen = at - timestamp
    this.#least += (at - this.#seenAt) * rise
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

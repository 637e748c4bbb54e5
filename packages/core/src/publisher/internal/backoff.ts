/**
 * The pause of a partition or leader after a failure; it grows with each failure in a row. Pure.
 */
import type { TransportError } from "../../kafka/TransportError.ts"

export interface BackoffLimits {
  /** The first and the longest pause, milliseconds; it doubles in between. */
  readonly min: number
  readonly max: number
}

export class Backoff {
  #failures = 0
  /** When the next try may be made, monotonic milliseconds. */
  until = Number.NEGATIVE_INFINITY
  /** The error that began the pause, until the pause is over. */
  refusal: TransportError | undefined

  get isResting(): boolean {
    return this.refusal !== undefined
  }

  /** A try has failed. `jitter` is a factor around 1. Failures of tries that were made together count as one. */
  failed(error: TransportError, now: number, { max, min }: BackoffLimits, jitter: number): void {
    if (!this.isResting) {
      this.until = now + Math.min(max, min * 2 ** Math.min(this.#failures, 16)) * jitter
      this.#failures++
    }
    this.refusal = error
  }

  /** The pause is over: the next record is a try, which shows whether the error persists. */
  rested(): void {
    this.refusal = undefined
  }

  /** A try has succeeded. */
  worked(): void {
    this.#failures = 0
  }
}

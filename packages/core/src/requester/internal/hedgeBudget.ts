/**
 * How many hedges an operation's calls may have: a bucket of tokens. Every call puts a share of a token in, every hedge takes
 * one out, so that hedges add no more than this share to what responders do, and a burst once in a while. Pure.
 */

/** Hedges that may follow one another, so that a requester with few calls has any. */
export const burst = 5

export class HedgeBudget {
  readonly #share: number
  #tokens = burst

  /** `share` is how many hedges a call pays for: 0.1 is one hedge for ten calls. */
  constructor(share: number) {
    this.#share = share
  }

  called(): void {
    this.#tokens = Math.min(burst, this.#tokens + this.#share)
  }

  /** Takes a token. False when there is none. */
  take(): boolean {
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}

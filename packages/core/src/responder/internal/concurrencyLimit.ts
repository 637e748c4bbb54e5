/**
 * How many handlers may run at one time, learned from how long they take: where more of them together only make all of
 * them slower, fewer do as much and each ends in time.
 *
 * Additive increase and multiplicative decrease, once a second at most. It falls only while every place is taken and
 * others wait, and goes back to the most that is allowed when falling has not helped. Pure.
 */

// Fewer runs, or a shorter time, say nothing.
const enoughRuns = 64
const windowMillis = 1_000

// Runs that take no longer than this are quick enough, however many times their best it may be.
const quickMillis = 25

// So much slower than at their best is too slow.
const tooSlow = 2
const slowAgain = 1.5
const decrease = 0.9

// After falling to this share of where it began, runs must be this much quicker; else it is not the number of them.
const trialShare = 0.6
const helpedShare = 0.8

// Never less than this share of the most.
const least = 1 / 16

/** What a window of runs says. `rebase`: runs are slow for another reason, which is how they are now. */
export type Learned = "same" | "changed" | "rebase"

export class ConcurrencyLimit {
  readonly most: number
  value: number
  readonly #least: number
  #runs = 0
  #slowness = 0
  #since = Number.NEGATIVE_INFINITY
  #wasFull = false
  /** Where falling began, and how slow runs were there. */
  #trial: { readonly from: number; readonly slowness: number } | undefined

  constructor(most: number) {
    this.most = most
    this.value = most
    this.#least = Math.max(1, Math.ceil(most * least))
  }

  /** Every place is taken and others wait. */
  full(): void {
    this.#wasFull = true
  }

  /** A run ended; `best` is what runs of its operation take when all is well. */
  ended(millis: number, best: number, at: number): Learned {
    if (best === Number.POSITIVE_INFINITY) return "same"
    if (this.#runs === 0) this.#since = at
    this.#runs++
    this.#slowness += Math.max(millis, quickMillis) / Math.max(best, quickMillis)
    if (this.#runs < enoughRuns || at - this.#since < windowMillis) return "same"
    const slowness = this.#slowness / this.#runs
    const wasFull = this.#wasFull
    this.#runs = this.#slowness = 0
    this.#wasFull = false
    return this.#decide(slowness, wasFull)
  }

  #decide(slowness: number, wasFull: boolean): Learned {
    const before = this.value
    if (wasFull && slowness > tooSlow) {
      this.#trial ??= { from: before, slowness }
      if (before <= this.#trial.from * trialShare) {
        if (slowness > this.#trial.slowness * helpedShare) {
          this.#trial = undefined
          this.value = this.most
          return "rebase"
        }
        this.#trial = { from: before, slowness }
      }
      this.value = Math.max(this.#least, Math.floor(before * decrease))
    } else if (!wasFull || slowness < slowAgain) {
      this.#trial = undefined
      this.value = Math.min(this.most, before + Math.max(1, Math.ceil(before / 10)))
    }
    return this.value === before ? "same" : "changed"
  }
}

/**
 * How long the handlers of one operation take, learned from those that ended: a mean and how far they are from it, as TCP
 * estimates its round trips. Three numbers, whatever was seen. Pure.
 */

// What one run weighs once many were seen: the last thirty or so decide.
const weight = 1 / 16

// What fewer runs took may have been chance.
const some = 16

// For the best there was, which must not be a few lucky runs.
const slowWeight = 1 / 256
const enough = 64

export class ServiceTime {
  #count = 0
  #mean = 0
  #deviation = 0
  #slow = 0
  #best = Number.POSITIVE_INFINITY

  get mean(): number {
    return this.#mean
  }

  /** Hardly any run takes less. Zero as long as little is known. */
  get least(): number {
    return this.#count < some ? 0 : Math.max(0, this.#mean - 2 * this.#deviation)
  }

  /** Few runs take longer. Zero as long as little is known. */
  get most(): number {
    return this.#count < some ? 0 : this.#mean + 2 * this.#deviation
  }

  /** The lowest mean of many runs; infinite as long as there were few. */
  get best(): number {
    return this.#best
  }

  /** A run ended by itself after so many milliseconds. */
  ended(millis: number): void {
    const count = ++this.#count
    const off = millis - this.#mean
    if (count === 1) {
      this.#mean = millis
      this.#deviation = millis / 4
    } else {
      const share = Math.max(weight, 1 / count)
      this.#mean += off * share
      this.#deviation += (Math.abs(off) - this.#deviation) * share
    }
    this.#slow += (millis - this.#slow) * Math.max(slowWeight, 1 / count)
    if (count >= enough && this.#slow < this.#best) this.#best = this.#slow
  }

  /** A run was interrupted after so long: it would have taken longer. */
  stopped(millis: number): void {
    if (millis > this.#mean) this.ended(millis)
  }

  /** What runs take now is what they take, however little it was before. */
  rebase(): void {
    if (this.#count < enough) return
    this.#slow = this.#mean
    this.#best = this.#mean
  }
}

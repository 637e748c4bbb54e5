/**
 * Remembers how the last calls ended, to tell a late reply from a duplicate one. Bounded: one byte a call, the newest
 * 65 536 calls.
 */

/** How a call ended, as far as a straggling reply is concerned: with the only one, or so that one may be late. */
export type Ended = "replied" | "given-up"

const size = 65_536

export class EndedCalls {
  readonly #ring = new Uint8Array(size)

  /** Forgets what the ring holds of the call that had this number's place before. */
  opened(number: number): void {
    this.#ring[number % size] = 0
  }

  ended(number: number, how: Ended): void {
    this.#ring[number % size] = how === "replied" ? 1 : 2
  }

  /** What is known of a call of ours that is no longer pending: `next` is the number the next call will get. */
  find(number: number, next: number): Ended | "forgotten" | "never-called" {
    if (number >= next) return "never-called"
    if (next - number > size) return "forgotten"
    return this.#ring[number % size] === 1 ? "replied" : "given-up"
  }
}

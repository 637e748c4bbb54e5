/**
 * Whether the leader of a partition answers its reader; reports every change.
 *
 * While leadership moves, brokers answer with errors for a moment, which does not count as silence. A refused or silent
 * connection counts at once.
 */
import type { TransportError } from "../../kafka/TransportError.ts"

const passingMillis = 1_000

export class Hearing {
  readonly #now: () => number
  readonly #told: (silentBecause: TransportError | undefined) => void
  #isHeard = true
  #heardAt: number

  /** `now` gives monotonic milliseconds. */
  constructor(now: () => number, told: (silentBecause: TransportError | undefined) => void) {
    this.#now = now
    this.#told = told
    this.#heardAt = now()
  }

  /** A fetch was answered. */
  confirmed(): void {
    this.#heardAt = this.#now()
    if (this.#isHeard) return
    this.#isHeard = true
    this.#told(undefined)
  }

  /** A fetch was answered with an error, or not at all. */
  failed(error: TransportError): void {
    const { _tag } = error.reason
    const isSilence = _tag === "Unreachable" || _tag === "NoAnswer"
    if (!this.#isHeard || (!isSilence && this.#now() - this.#heardAt < passingMillis)) return
    this.#isHeard = false
    this.#told(error)
  }
}

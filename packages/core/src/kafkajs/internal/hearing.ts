/**
 * Whether the leader of a partition that is read answers: told at each change.
 *
 * A leader that moves answers with errors for a moment, which is no silence yet; a connection that is refused or silent is.
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

  /** A fetch had an error for an answer, or none. */
  failed(error: TransportError): void {
    const { _tag } = error.reason
    const isSilence = _tag === "Unreachable" || _tag === "NoAnswer"
    if (!this.#isHeard || (!isSilence && this.#now() - this.#heardAt < passingMillis)) return
    this.#isHeard = false
    this.#told(error)
  }
}

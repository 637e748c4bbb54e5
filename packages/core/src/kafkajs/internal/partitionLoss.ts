/**
 * Whether a partition that is read is lost, and when to say so: once per loss.
 *
 * A partition counts as lost when it has been missing from the metadata for a second, or when its topic was deleted and
 * created again. A broker that has just started may not know the topic yet.
 */
import type { TransportError } from "../../kafka/TransportError.ts"

const lostAfterMillis = 1_000

export class PartitionLoss {
  readonly #now: () => number
  readonly #told: (error: TransportError) => void
  #isLost = false
  #missingSince: number | undefined

  /** `now` gives monotonic milliseconds. */
  constructor(now: () => number, told: (error: TransportError) => void) {
    this.#now = now
    this.#told = told
  }

  /** The partition was read. */
  read(): void {
    this.#isLost = false
    this.#missingSince = undefined
  }

  /** The metadata has the partition. */
  present(): void {
    this.#missingSince = undefined
  }

  /** The metadata does not have the partition. */
  missing(error: TransportError): void {
    this.#missingSince ??= this.#now()
    if (this.#now() - this.#missingSince >= lostAfterMillis) this.lost(error)
  }

  lost(error: TransportError): void {
    if (!this.#isLost) this.#told(error)
    this.#isLost = true
  }
}

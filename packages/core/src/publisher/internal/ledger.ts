/**
 * The records that have no outcome yet, bounded by what they take, and the way out: owners are told all of an answer in one
 * go, when the publisher has done its own work.
 *
 * An owner is foreign code. It may offer more records meanwhile, and one that throws keeps neither the others from hearing
 * of theirs nor the publisher from going on.
 */
import type { TransportError } from "../../kafka/TransportError.ts"
import type { Publication } from "../Publication.ts"
import * as WriteState from "../WriteState.ts"

// About what a queued record costs beside its bytes: objects, headers, places in arrays.
const recordCost = 256

export class Ledger {
  readonly #limit: number
  readonly #onThrown: (error: unknown) => void
  #ended: Array<Publication> = []
  /** Records without an outcome. */
  records = 0
  bytes = 0

  constructor(limit: number, onThrown: (error: unknown) => void) {
    this.#limit = limit
    this.#onThrown = onThrown
  }

  /** False when there is no room for the record. One is always taken, however large it is. */
  admit({ encodedSize }: Publication): boolean {
    const bytes = this.bytes + encodedSize + recordCost
    if (bytes > this.#limit && this.records > 0) return false
    this.bytes = bytes
    this.records++
    return true
  }

  /** The record has its outcome. */
  end(publication: Publication): void {
    this.bytes -= publication.encodedSize + recordCost
    this.records--
    this.#ended.push(publication)
  }

  /** The record is not tried any more. */
  giveUp(publication: Publication, error: TransportError): void {
    publication.state = WriteState.givenUp(publication.state, error)
    this.end(publication)
  }

  /** Tells the owners of everything that has ended. */
  deliver(): void {
    if (this.#ended.length === 0) return
    const ended = this.#ended
    this.#ended = []
    for (const publication of ended) this.tell(publication)
  }

  /** Tells one owner, whether or not its record was ever admitted. */
  tell(publication: Publication): void {
    if (publication.abandoned) return
    try {
      const { lastError } = publication
      if (lastError === undefined) publication.onAcknowledged()
      else publication.onRefused(lastError)
    } catch (error) {
      this.#onThrown(error)
    }
  }
}

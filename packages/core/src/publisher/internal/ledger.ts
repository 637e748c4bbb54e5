/**
 * The records without an outcome, bounded in bytes, and the notification of their owners: all outcomes of an answer at once,
 * after the publisher has done its own work.
 *
 * Owners are foreign code. They may offer more records meanwhile, and one that throws stops neither the other notifications
 * nor the publisher.
 */
import type { TransportError } from "../../kafka/TransportError.ts"
import type { Publication } from "../Publication.ts"
import * as WriteState from "../WriteState.ts"

// An estimate of a queued record's cost beside its bytes: objects, headers, array slots.
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

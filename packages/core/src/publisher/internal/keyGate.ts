/**
 * Which keys have a record in flight, and who waits for them: two batches in flight never share a key, so a resend can
 * never overtake a later record of the same key.
 *
 * Pure bookkeeping; the lanes ask it, the publisher drives it.
 */
import type { Publication } from "../Publication.ts"

/**
 * What order is kept by: the partition and the record key. Records without a key have no order to keep, and a retry that
 * goes to another partition must not wait for a leader that does not answer.
 */
export const orderKey = (publication: Publication): string | undefined => {
  const key = publication.key
  return key === null
    ? undefined
    : `${publication.topic} ${publication.partition} ${Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1")}`
}

export class KeyGate {
  readonly #waiting = new Map<string, Array<Publication>>()

  /** True when the record may travel now; otherwise it is kept here, in order, until `release`. */
  admit(publication: Publication): boolean {
    const key = orderKey(publication)
    if (key === undefined) return true
    const waiting = this.#waiting.get(key)
    if (waiting === undefined) return true
    waiting.push(publication)
    return false
  }

  /** Closes the gate for the keys of a batch that is about to be handed over. */
  close(batch: ReadonlyArray<Publication>): void {
    for (const publication of batch) {
      const key = orderKey(publication)
      if (key !== undefined && !this.#waiting.has(key)) this.#waiting.set(key, [])
    }
  }

  /** Opens the gate for the keys of a settled batch and returns who waited, in the order they came. */
  open(batch: ReadonlyArray<Publication>): Array<Publication> {
    const released: Array<Publication> = []
    for (const publication of batch) {
      const key = orderKey(publication)
      if (key === undefined) continue
      const waiting = this.#waiting.get(key)
      if (waiting === undefined) continue
      this.#waiting.delete(key)
      for (const waiter of waiting) released.push(waiter)
    }
    return released
  }

  /** Takes everything that waits and matches, keeping the order of the rest. */
  remove(matches: (publication: Publication) => boolean): Array<Publication> {
    const removed: Array<Publication> = []
    for (const [key, waiting] of this.#waiting) {
      const kept = waiting.filter((publication) => {
        const match = matches(publication)
        if (match) removed.push(publication)
        return !match
      })
      if (kept.length < waiting.length) this.#waiting.set(key, kept)
    }
    return removed
  }

  /** How many records wait for a key. */
  get size(): number {
    let size = 0
    for (const waiting of this.#waiting.values()) size += waiting.length
    return size
  }
}

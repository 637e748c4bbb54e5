/**
 * The keys of one partition that have a record in flight, and the records that wait for them. Two requests in flight never
 * share a key, so no later record overtakes one that has to be sent again.
 *
 * Records without a key have no order to keep. Pure bookkeeping; the partition's queue drives it.
 */
import type { Publication } from "../Publication.ts"

const none: ReadonlyArray<Publication> = []

export class KeyGate {
  /** Waiting records by key in flight; undefined, and no list, for the many keys that none waits for. */
  readonly #waiting = new Map<string, Array<Publication> | undefined>()
  #size = 0

  /** True when the record may travel now; otherwise it is kept here, in order, until its key is opened. */
  admit(publication: Publication): boolean {
    const { orderKey } = publication
    if (orderKey === undefined || !this.#waiting.has(orderKey)) return true
    const waiting = this.#waiting.get(orderKey)
    if (waiting === undefined) this.#waiting.set(orderKey, [publication])
    else waiting.push(publication)
    this.#size++
    return false
  }

  /** Closes the gate for the keys of records that are about to be handed over. */
  close(batch: ReadonlyArray<Publication>): void {
    for (const { orderKey } of batch) {
      if (orderKey !== undefined && !this.#waiting.has(orderKey)) this.#waiting.set(orderKey, undefined)
    }
  }

  /** Opens the gate for the keys of settled records and returns the records that waited, in order for each key. */
  open(batch: ReadonlyArray<Publication>): ReadonlyArray<Publication> {
    let released: Array<Publication> | undefined
    for (const { orderKey } of batch) {
      if (orderKey === undefined) continue
      const waiting = this.#waiting.get(orderKey)
      this.#waiting.delete(orderKey)
      if (waiting === undefined) continue
      this.#size -= waiting.length
      if (released === undefined) released = waiting
      else for (const publication of waiting) released.push(publication)
    }
    return released ?? none
  }

  /** Takes everything that waits and matches, keeping the order of the rest. */
  remove(matches: (publication: Publication) => boolean): ReadonlyArray<Publication> {
    if (this.#size === 0) return none
    const removed: Array<Publication> = []
    for (const [key, waiting] of this.#waiting) {
      if (waiting === undefined) continue
      const kept = waiting.filter((publication) => {
        const match = matches(publication)
        if (match) removed.push(publication)
        return !match
      })
      if (kept.length < waiting.length) this.#waiting.set(key, kept.length === 0 ? undefined : kept)
    }
    this.#size -= removed.length
    return removed
  }

  /** How many records wait for a key. */
  get size(): number {
    return this.#size
  }

  /** When the record was offered that has waited longest here; infinite when none waits. */
  get oldest(): number {
    let oldest = Number.POSITIVE_INFINITY
    if (this.#size === 0) return oldest
    for (const waiting of this.#waiting.values()) {
      if (waiting !== undefined && waiting[0]!.offeredAt < oldest) oldest = waiting[0]!.offeredAt
    }
    return oldest
  }
}

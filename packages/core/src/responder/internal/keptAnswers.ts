/**
 * The answers that are kept per idempotency key, to be given to whoever asks with it again.
 *
 * Pure bookkeeping. Each operation has limits of its own, on count and age, and all have one on bytes; the oldest go first.
 * What is answered but not committed yet is pinned, and stays.
 */
import { AgeOrder, type Aging } from "./ageOrder.ts"
import { sizeOf, type StoredAnswer } from "./storedAnswer.ts"

export interface Kept<E> extends Aging<E> {
  /** The operation and the key in one text. */
  readonly id: string
  readonly operation: string
  reply: StoredAnswer | undefined
  /** Requests answered from this entry whose offsets are not done. */
  pins: number
  /** When it was finished, monotonic milliseconds. */
  finishedAt: number
}

/** What one operation may keep. */
export interface KeyLimits {
  readonly entries: number
  readonly ageMillis: number
}

interface Shelf<E extends Aging<E>> {
  readonly limits: KeyLimits
  readonly byAge: AgeOrder<E>
  size: number
}

// A map slot, the entry, its strings.
const overhead = 256

export class KeptAnswers<E extends Kept<E>> {
  readonly #maxBytes: number
  readonly #entries = new Map<string, E>()
  readonly #shelves = new Map<string, Shelf<E>>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get size(): number {
    return this.#entries.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** What is kept under an id and not too old. */
  find(id: string, now: number): E | undefined {
    const entry = this.#entries.get(id)
    if (entry === undefined || entry.pins > 0 || !this.#isOld(entry, now)) return entry
    this.#drop(entry)
    return undefined
  }

  /** Keeps an entry that has a reply and is not kept yet. Returns how many others had to go before their age. */
  keep(entry: E, limits: KeyLimits, now: number): number {
    const earlier = this.#entries.get(entry.id)
    if (earlier !== undefined) this.#drop(earlier)
    let shelf = this.#shelves.get(entry.operation)
    if (shelf === undefined) {
      shelf = { limits, byAge: new AgeOrder(), size: 0 }
      this.#shelves.set(entry.operation, shelf)
    }
    entry.finishedAt = now
    this.#entries.set(entry.id, entry)
    shelf.byAge.add(entry)
    shelf.size++
    this.#bytes += bytesOf(entry)
    return this.#evictFrom(shelf, now) + this.#evictAny(now)
  }

  #isOld(entry: E, now: number): boolean {
    const shelf = this.#shelves.get(entry.operation)
    return shelf === undefined || now - entry.finishedAt >= shelf.limits.ageMillis
  }

  #drop(entry: E): void {
    const shelf = this.#shelves.get(entry.operation)
    if (!this.#entries.delete(entry.id) || shelf === undefined) return
    shelf.byAge.remove(entry)
    shelf.size--
    this.#bytes -= bytesOf(entry)
  }

  /** Pinned entries are few (what is open bounds them) and young, so the walk ends soon. */
  #evictFrom(shelf: Shelf<E>, now: number): number {
    let evicted = 0
    for (let entry = shelf.byAge.oldest; entry !== undefined;) {
      const { newer, pins } = entry
      const isOld = now - entry.finishedAt >= shelf.limits.ageMillis
      if (!isOld && shelf.size <= shelf.limits.entries) break
      if (pins === 0) {
        this.#drop(entry)
        if (!isOld) evicted++
      }
      entry = newer
    }
    return evicted
  }

  /** The oldest of all operations, until their bytes are within the limit. */
  #evictAny(now: number): number {
    let evicted = 0
    while (this.#bytes > this.#maxBytes) {
      let oldest: E | undefined
      for (const { byAge } of this.#shelves.values()) {
        let entry = byAge.oldest
        while (entry !== undefined && entry.pins > 0) entry = entry.newer
        if (entry !== undefined && (oldest === undefined || entry.finishedAt < oldest.finishedAt)) oldest = entry
      }
      if (oldest === undefined) break
      if (!this.#isOld(oldest, now)) evicted++
      this.#drop(oldest)
    }
    return evicted
  }
}

const bytesOf = ({ id, reply }: { readonly id: string; readonly reply: StoredAnswer | undefined }): number =>
  overhead + id.length + (reply === undefined ? 0 : sizeOf(reply))

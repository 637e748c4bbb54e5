/**
 * What this instance remembers of requests that must have one effect: which run now, and what the finished ones were
 * answered.
 *
 * Pure bookkeeping. Bounded by count, bytes and age; what runs, and what is answered but not committed yet, is never
 * evicted (the offset window bounds it). The oldest finished go first.
 */
import type { RecordHeaders } from "../../wire/RecordHeaders.ts"
import { AgeOrder, type Aging } from "./ageOrder.ts"

/** A finished run's answer, as it is sent again. */
export interface StoredReply {
  readonly outcome: "success" | "failure"
  readonly body: Uint8Array
  /** What the handler added. */
  readonly headers: RecordHeaders
}

export interface Entry<W> extends Aging<Entry<W>> {
  readonly id: string
  /** SHA-256 of the payload, or undefined when the id can belong to one request only. */
  readonly fingerprint: string | undefined
  /** Whose turn the run is; nobody's once it is over, so that what is kept of it keeps nothing else. */
  owner: W | undefined
  /** Who gets the answer of the run; empty once it is finished. */
  waiters: Array<W>
  reply: StoredReply | undefined
  /** Requests answered from this entry whose offsets are not done. */
  pins: number
  /** When it was finished, monotonic milliseconds. */
  finishedAt: number
}

export type Claim<W> =
  | { readonly _tag: "Fresh"; readonly entry: Entry<W> }
  | { readonly _tag: "Running"; readonly entry: Entry<W>; readonly owner: W }
  | { readonly _tag: "Done"; readonly entry: Entry<W>; readonly reply: StoredReply }
  | { readonly _tag: "Conflict" }

export interface Limits {
  readonly entries: number
  readonly bytes: number
  readonly ageMillis: number
}

export class DedupeTable<W> {
  readonly #limits: Limits
  readonly #onEvicted: () => void
  readonly #running = new Map<string, Entry<W>>()
  readonly #finished = new Map<string, Entry<W>>()
  readonly #byAge = new AgeOrder<Entry<W>>()
  #bytes = 0

  /** `onEvicted` is told of each entry that had to go before its age. */
  constructor(limits: Limits, onEvicted: () => void) {
    this.#limits = limits
    this.#onEvicted = onEvicted
  }

  get size(): number {
    return this.#running.size + this.#finished.size
  }

  get bytes(): number {
    return this.#bytes
  }

  isRunning(id: string): boolean {
    return this.#running.has(id)
  }

  /** Whose run with this id is going on. */
  ownerOf(id: string): W | undefined {
    return this.#running.get(id)?.owner
  }

  /** What is known of a request with this id. `Fresh` makes an entry, which must be finished or forgotten. */
  claim(id: string, fingerprint: string | undefined, waiter: W, now: number): Claim<W> {
    const known = this.#running.get(id) ?? this.#lookUp(id, now)
    if (known === undefined) {
      const entry: Entry<W> = {
        id,
        fingerprint,
        owner: waiter,
        waiters: [waiter],
        reply: undefined,
        pins: 0,
        finishedAt: 0,
        older: undefined,
        newer: undefined
      }
      this.#running.set(id, entry)
      return { _tag: "Fresh", entry }
    }
    if (known.fingerprint !== fingerprint) return { _tag: "Conflict" }
    if (known.reply !== undefined) return { _tag: "Done", entry: known, reply: known.reply }
    known.waiters.push(waiter)
    return { _tag: "Running", entry: known, owner: known.owner! }
  }

  /** The run ended with an answer worth keeping. Returns who waits for it. */
  finish(entry: Entry<W>, reply: StoredReply, now: number): ReadonlyArray<W> {
    const waiters = this.forget(entry)
    entry.reply = keptOf(reply)
    entry.finishedAt = now
    this.#finished.set(entry.id, entry)
    this.#byAge.add(entry)
    this.#bytes += sizeOf(entry)
    this.#evict(now)
    return waiters
  }

  /** The run ended without one: the next request runs again. Returns who waits for it. */
  forget(entry: Entry<W>): ReadonlyArray<W> {
    this.#running.delete(entry.id)
    const waiters = entry.waiters
    entry.waiters = []
    entry.owner = undefined
    return waiters
  }

  #lookUp(id: string, now: number): Entry<W> | undefined {
    const entry = this.#finished.get(id)
    if (entry === undefined) return undefined
    if (entry.pins > 0 || now - entry.finishedAt < this.#limits.ageMillis) return entry
    this.#drop(entry)
    return undefined
  }

  #drop(entry: Entry<W>): void {
    this.#finished.delete(entry.id)
    this.#byAge.remove(entry)
    this.#bytes -= sizeOf(entry)
  }

  #evict(now: number): void {
    // Pinned entries are few (the offset window bounds them) and young, so the walk ends soon.
    for (let entry = this.#byAge.oldest; entry !== undefined;) {
      const { newer } = entry
      const isOld = now - entry.finishedAt >= this.#limits.ageMillis
      const isOver = this.#finished.size > this.#limits.entries || this.#bytes > this.#limits.bytes
      if (!isOld && !isOver) return
      if (entry.pins === 0) {
        this.#drop(entry)
        if (!isOld) this.#onEvicted()
      }
      entry = newer
    }
  }
}

// Bytes may be part of something larger (a pool, a whole fetch), which would be kept with them and not be counted.
const ownBytes = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

const keptOf = ({ body, headers, outcome }: StoredReply): StoredReply => ({
  outcome,
  body: ownBytes(body),
  headers: headers.map(([name, value]) => [name, ownBytes(value)] as const)
})

// Two strings, an object and a map slot beside the body.
const overhead = 256

const sizeOf = ({ id, reply }: { readonly id: string; readonly reply: StoredReply | undefined }): number => {
  let size = overhead + id.length
  if (reply === undefined) return size
  for (const [name, value] of reply.headers) size += name.length + value.byteLength
  return size + reply.body.byteLength
}

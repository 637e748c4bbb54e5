/**
 * What this instance knows of requests that must have one effect: which run now, and the answers that are kept per key.
 *
 * Pure bookkeeping. What runs is bounded by what may be open, what is kept by `KeptAnswers`.
 */
import { type Kept, KeptAnswers, type KeyLimits } from "./keptAnswers.ts"
import { stored, type StoredAnswer } from "./storedAnswer.ts"

export interface Entry<W> extends Kept<Entry<W>> {
  /** Tells payloads apart that came with one id. */
  readonly fingerprint: string
  /** Whose turn the run is; nobody's once it is over, so that what is kept of it keeps nothing else. */
  owner: W | undefined
  /** Who gets the answer of the run; empty once it is finished. */
  waiters: Array<W>
}

export type Claim<W> =
  | { readonly _tag: "Fresh"; readonly entry: Entry<W> }
  | { readonly _tag: "Running"; readonly entry: Entry<W>; readonly owner: W }
  | { readonly _tag: "Done"; readonly entry: Entry<W>; readonly reply: StoredAnswer }
  | { readonly _tag: "Conflict" }

/** What a request is recognised by. */
export type Identity = Pick<Entry<unknown>, "id" | "operation" | "fingerprint">

export class DedupeTable<W> {
  readonly #running = new Map<string, Entry<W>>()
  readonly #kept: KeptAnswers<Entry<W>>

  constructor(maxBytes: number) {
    this.#kept = new KeptAnswers(maxBytes)
  }

  get size(): number {
    return this.#running.size + this.#kept.size
  }

  get bytes(): number {
    return this.#kept.bytes
  }

  isRunning(id: string): boolean {
    return this.#running.has(id)
  }

  /** Whose run with this id is going on. */
  ownerOf(id: string): W | undefined {
    return this.#running.get(id)?.owner
  }

  /** What is known of a request. `Fresh` makes an entry, which must be finished or forgotten. */
  claim({ fingerprint, id, operation }: Identity, waiter: W, now: number): Claim<W> {
    const known = this.#running.get(id) ?? this.#kept.find(id, now)
    if (known === undefined) {
      const entry: Entry<W> = {
        id,
        operation,
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

  /** The run ended with an answer to keep. Returns who waits for it, and how many others went before their age. */
  finish(
    entry: Entry<W>,
    reply: StoredAnswer,
    limits: KeyLimits,
    now: number
  ): { readonly waiters: ReadonlyArray<W>; readonly evicted: number } {
    const waiters = this.forget(entry)
    entry.reply = stored(reply, reply.headers)
    return { waiters, evicted: this.#kept.keep(entry, limits, now) }
  }

  /** The run ended without one: another request runs again. Returns who waits for it. */
  forget(entry: Entry<W>): ReadonlyArray<W> {
    this.#running.delete(entry.id)
    const waiters = entry.waiters
    entry.waiters = []
    entry.owner = undefined
    return waiters
  }
}

/**
 * Which offsets of one partition are done: what may be committed, what need not run again, and when to stop taking.
 *
 * Pure bookkeeping for one ownership of a partition. "Done" means that nothing remains to be done for the record: its
 * reply is acknowledged, or nobody can get one any more.
 */
import { decode, DoneRuns, encode } from "./doneRuns.ts"

/** The span between the lowest open offset and the highest taken one. */
export const window = 10_000

// More runs than this could outgrow the metadata: two numbers of up to two bytes each, 3 069 bytes in all.
const maxRuns = 700

export interface Commit {
  readonly offset: number
  readonly metadata: string
}

export class OffsetLedger {
  /** Below it all is done. */
  #base: number
  /** The offset after the highest that was taken. */
  #next: number
  /** What is done at or above the base. */
  readonly #done = new DoneRuns()
  #open = 0
  #epoch = 0
  /** The offset after the highest that was ever delivered, and the newest timestamp: how another log is told. */
  #seen: number
  #newest = Number.NEGATIVE_INFINITY
  #changes = 0
  #committedChanges = 0

  /** `committed` is the next offset to process; undefined when the group never committed: the first taken one counts. */
  constructor(committed: number | undefined, metadata: string) {
    this.#base = committed ?? -1
    this.#next = this.#base
    this.#seen = this.#base
    if (committed === undefined) return
    for (const { from, to } of decode(committed, metadata)) this.#done.add(from, to)
    this.#advance()
  }

  /** Offsets taken and not done. */
  get open(): number {
    return this.#open
  }

  /** Below this all is done. */
  get base(): number {
    return this.#base
  }

  /** How often the topic was found to be made anew: offsets of one epoch say nothing about those of another. */
  get epoch(): number {
    return this.#epoch
  }

  /** Whether another offset may be taken now, without outgrowing the window or the metadata of a commit. */
  canTake(offset: number): boolean {
    // With nothing open the base cannot be waited for: it moves by taking. What lies between two runs adds none.
    if (this.#open === 0) return true
    return offset - this.#base < window && (this.#done.count < maxRuns || offset < this.#done.end!)
  }

  /**
   * Notes that a record was delivered. False when it is done or taken already and must not run again. Offsets between
   * two deliveries do not exist (deleted, or markers of transactions), so they count as done.
   */
  take(offset: number, timestamp: number): boolean {
    if (this.#base < 0) this.#base = this.#next = offset
    // A record delivered again is not newer than what was seen. A newer one tells that the topic was made anew, and so
    // does the first one of an ownership, which is never below the committed offset otherwise.
    if (offset < this.#seen && timestamp > this.#newest) this.#restart(offset)
    if (offset < this.#next) return false
    this.#seen = Math.max(this.#seen, offset + 1)
    this.#newest = Math.max(this.#newest, timestamp)
    if (offset > this.#next) {
      this.#done.add(this.#next, offset)
      this.#advance()
      this.#changes++
    }
    this.#next = offset + 1
    if (offset < this.#base || this.#done.has(offset)) return false
    this.#open++
    return true
  }

  /**
   * Notes that an offset is done, once: one that was taken, or one that an earlier ownership took and that was not
   * delivered again yet, which then is not taken when it comes.
   */
  done(offset: number): void {
    if (offset < this.#base || this.#done.has(offset)) return
    if (offset < this.#next) this.#open--
    this.#changes++
    this.#done.add(offset, offset + 1)
    this.#advance()
  }

  /** Takes over what another ledger of the same partition knows to be done; nothing may be taken yet. */
  inherit(other: OffsetLedger): void {
    this.#epoch = other.#epoch
    this.#seen = Math.max(this.#seen, other.#seen)
    this.#newest = other.#newest
    if (other.#base > this.#base) this.#done.add(this.#base, other.#base)
    for (const { from, to } of other.#done.runs()) this.#done.add(Math.max(from, this.#base), to)
    this.#advance()
    this.#changes++
  }

  /** What to commit, or undefined when nothing changed since the last commit that succeeded. */
  pending(): (Commit & { readonly mark: number }) | undefined {
    if (this.#base < 0 || this.#changes === this.#committedChanges) return undefined
    return { offset: this.#base, metadata: encode(this.#base, this.#done.runs()), mark: this.#changes }
  }

  /** Notes that what `pending` returned is committed. */
  committed(mark: number): void {
    this.#committedChanges = Math.max(this.#committedChanges, mark)
  }

  #restart(offset: number): void {
    this.#done.dropBelow(Number.POSITIVE_INFINITY)
    this.#base = this.#next = this.#seen = offset
    this.#open = 0
    this.#epoch++
    this.#changes++
  }

  #advance(): void {
    const first = this.#done.first
    if (first !== undefined && first.from <= this.#base) {
      this.#base = Math.max(this.#base, first.to)
      this.#done.dropBelow(this.#base)
    }
  }
}

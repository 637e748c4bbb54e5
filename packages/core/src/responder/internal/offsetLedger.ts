/**
 * Which offsets of one partition are done: what may be committed, what need not run again, and when to stop taking.
 *
 * Pure bookkeeping for one ownership of a partition. "Done" means that nothing remains to be done for the record: its
 * reply is acknowledged, or nobody can get one any more.
 */
import type { AssignedPartition } from "../../kafka/Transport.ts"
import type { UndecodableBatch } from "../../kafka/KafkaRecord.ts"
import { decode, encode, maxBytes, topicIdOf } from "./commitMetadata.ts"
import { DoneSet, lengthOf } from "./doneSet.ts"
import { type Delivered, LogHistory } from "./logHistory.ts"

/** What the group knows of a partition when it is assigned. */
export type Assigned = Pick<AssignedPartition, "committed" | "metadata" | "topicId" | "leaderEpoch">

export interface Commit {
  readonly offset: number
  readonly metadata: string
  /** The leader epoch of the record before the offset, if it is known. */
  readonly leaderEpoch?: number | undefined
}

/** What happened to the log, and how many offsets were passed over for it. */
export interface Losses {
  /** Offsets without a record: deleted before it was read, or compacted. */
  readonly absent: number
  /** Offsets that had been read or committed, and that the log then lost. */
  readonly truncated: number
  /** How often the topic was found to be another one than before. */
  readonly anew: number
}

// Requests that were taken so many changes of the log ago are dropped in any case.
const rememberedCuts = 64

export class OffsetLedger {
  /** Below it all is done. */
  #base: number
  /** The offset after the highest that was taken. */
  #next: number
  /** What is done at or above the base. */
  readonly #done = new DoneSet()
  #open = 0
  readonly #history: LogHistory
  #epoch = 0
  /** From where on the offsets of each epoch but the present one were replaced, for the last of them. */
  #cuts: Array<number> = []
  #absent = 0
  #truncated = 0
  #anew = 0
  #changes = 0
  #committedChanges = 0

  constructor({ committed, leaderEpoch, metadata, topicId }: Assigned) {
    const of = topicIdOf(metadata)
    const isOfAnother = of !== undefined && topicId !== undefined && of !== topicId
    if (isOfAnother) this.#anew = 1
    // The group never committed, or for a topic that is no more: the first record counts.
    const start = (isOfAnother ? undefined : committed) ?? -1
    this.#base = this.#next = start
    this.#history = new LogHistory(start, topicId ?? of, leaderEpoch)
    if (start < 0) return
    for (const { from, to } of decode(start, metadata)) this.#done.add(from, to)
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

  /** How often the log was found to be another one, or cut off: see `isCurrent`. */
  get epoch(): number {
    return this.#epoch
  }

  /** Whether an offset still belongs to the record that was taken under it in that epoch. */
  isCurrent(offset: number, epoch: number): boolean {
    if (epoch === this.#epoch) return true
    const known = this.#cuts.length - (this.#epoch - epoch)
    return known >= 0 && this.#cuts.slice(known).every((cut) => offset < cut)
  }

  /**
   * Whether another offset may be taken now: whatever of the open ones is done next, a commit must be able to tell it, be
   * it as a bitmap or as run lengths. The latter never need more bytes than all open offsets and all runs one by one: two
   * neighbours that become one run need no more together.
   */
  canTake(offset: number): boolean {
    // With nothing open the base cannot be waited for: it moves by taking.
    if (this.#open === 0) return true
    const end = Math.max(this.#next, this.#done.end ?? this.#base)
    // What lies between runs was counted when they were made.
    if (offset < end || offset - this.#base < maxBytes * 8) return true
    const gap = offset === end ? 0 : lengthOf(offset - end)
    return end - this.#base - this.#done.size + this.#done.runBytes + gap + 1 <= maxBytes
  }

  /**
   * Notes that a record was delivered. False when it is done or taken already and must not run again. Offsets between
   * two deliveries have no records, so they count as done; `losses` tells how many they were.
   */
  take(record: Delivered): boolean {
    const { offset } = record
    if (!this.#read(record, offset + 1)) return false
    this.#next = offset + 1
    if (offset < this.#base || this.#done.has(offset)) return false
    this.#open++
    return true
  }

  /**
   * Notes that a batch was delivered that cannot be read. True when some of its offsets were neither taken nor done: they
   * are open now, until `done` is told of the whole of it.
   */
  takeBatch({ firstOffset, lastOffset, leaderEpoch, timestamp, topicId }: UndecodableBatch): boolean {
    const to = lastOffset + 1
    // A batch is delivered whole, also what lies before the position.
    const offset = Math.max(firstOffset, Math.min(this.#next, lastOffset))
    if (!this.#read({ offset, timestamp, topicId, leaderEpoch }, to)) return false
    const opened = this.#openBetween(this.#next, to)
    this.#next = to
    this.#open += opened
    return opened > 0
  }

  /**
   * Notes that offsets are done: such that were taken, or that an earlier ownership took and that were not delivered again
   * yet, which then are not taken when they come.
   */
  done(offset: number, to: number = offset + 1): void {
    const from = Math.max(offset, this.#base)
    if (from >= to) return
    if (to > from + 1) this.#open -= this.#openBetween(from, Math.min(to, this.#next))
    else if (this.#done.has(from)) return
    else if (from < this.#next) this.#open--
    this.#changes++
    this.#done.add(from, to)
    this.#advance()
  }

  /** Takes over what another ledger of the same partition knows to be done; nothing may be taken yet. */
  inherit(other: OffsetLedger): void {
    this.#epoch = other.#epoch
    this.#cuts = other.#cuts
    this.#changes++
    if (!this.#history.inherit(other.#history)) {
      this.#anew = this.#history.topicId === other.#history.topicId ? this.#anew : 1
      return this.#replacedFrom(this.#anew === 1 ? 0 : this.#base)
    }
    if (other.#base > this.#base) this.#done.add(this.#base, other.#base)
    for (const { from, to } of other.#done.runs()) this.#done.add(Math.max(from, this.#base), to)
    this.#advance()
  }

  /** What became of the log since the last time, or undefined when nothing did. */
  losses(): Losses | undefined {
    if (this.#absent + this.#truncated + this.#anew === 0) return undefined
    const losses = { absent: this.#absent, truncated: this.#truncated, anew: this.#anew }
    this.#absent = this.#truncated = this.#anew = 0
    return losses
  }

  /** What to commit, or undefined when nothing changed since the last commit that succeeded. */
  pending(): (Commit & { readonly mark: number }) | undefined {
    if (this.#base < 0 || this.#changes === this.#committedChanges) return undefined
    const metadata = encode(this.#base, this.#done, this.#history.topicId)
    const leaderEpoch = this.#history.epochAt(this.#base - 1)
    return { offset: this.#base, metadata, leaderEpoch, mark: this.#changes }
  }

  /** Notes that what `pending` returned is committed. */
  committed(mark: number): void {
    this.#committedChanges = Math.max(this.#committedChanges, mark)
  }

  /** Notes what was delivered up to `end`, and what lies before it. False when it was delivered before. */
  #read(record: Delivered, end: number): boolean {
    const { offset } = record
    const { seen } = this.#history
    const reading = this.#history.read(record, end)
    if (reading !== "on") this.#changed(reading, offset, seen)
    if (this.#base < 0) this.#base = this.#next = offset
    if (reading === "below" || end <= this.#next) return false
    if (offset > this.#next) this.#passOver(offset)
    return true
  }

  #changed(reading: "anew" | "cut" | "below", offset: number, seen: number): void {
    if (reading === "anew") {
      this.#anew++
      this.#done.dropFrom(0)
      this.#base = this.#next = offset
      this.#open = 0
      this.#replacedFrom(0)
    } else if (reading === "cut") {
      this.#truncated += seen - offset
      this.#done.dropFrom(offset)
      this.#base = Math.min(this.#base, offset)
      this.#next = Math.min(this.#next, offset)
      this.#open = this.#openBetween(this.#base, this.#next)
      this.#replacedFrom(offset)
    } else this.#truncated++
  }

  #replacedFrom(offset: number): void {
    this.#epoch++
    this.#cuts = [...this.#cuts, offset].slice(-rememberedCuts)
    this.#changes++
  }

  #passOver(offset: number): void {
    const absent = this.#openBetween(this.#next, offset)
    // A single one is the marker that ends a transaction.
    if (absent > 1) this.#absent += absent
    this.#done.add(this.#next, offset)
    this.#advance()
    this.#changes++
  }

  /** Offsets between two others that are not done; none when they are in the wrong order. */
  #openBetween(from: number, to: number): number {
    const start = Math.max(from, this.#base)
    return Math.max(0, to - start - (this.#done.sizeBelow(to) - this.#done.sizeBelow(start)))
  }

  #advance(): void {
    const first = this.#done.first
    if (first !== undefined && first.from <= this.#base) {
      this.#base = Math.max(this.#base, first.to)
      this.#done.dropBelow(this.#base)
    }
  }
}

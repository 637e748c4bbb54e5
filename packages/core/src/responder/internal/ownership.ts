/**
 * The partitions this member owns: their ledgers, what is open in them, and what to commit.
 *
 * Bookkeeping without effects; who joins, fetches and commits is the serving loop.
 */
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import type { AssignedPartition } from "../../kafka/Transport.ts"
import { type Commit, OffsetLedger } from "./offsetLedger.ts"
import { invariant } from "../../host/Invariant.ts"
import type { TakenRecord } from "./state.ts"

interface Owned {
  ledger: OffsetLedger
  isOwned: boolean
  /** What was taken and is not done, by offset. Survives the ownership: a handler does not end with it. */
  readonly open: Map<number, TakenRecord>
}

export interface PartitionCommit extends Commit {
  readonly partition: number
  /** What `confirm` needs to know. */
  readonly ledger: OffsetLedger
  readonly mark: number
}

export class Ownership {
  // Those that were owned before, too: what is done there need not run again if they come back uncommitted.
  readonly #partitions = new Map<number, Owned>()
  #open = 0
  #openBytes = 0
  #replyBytes = 0

  /** Records taken and not done, of all partitions. */
  get open(): number {
    return this.#open
  }

  /** Bytes they hold, and their replies on the way. */
  get openBytes(): number {
    return this.#openBytes
  }

  /** Bytes of their replies on the way alone. */
  get replyBytes(): number {
    return this.#replyBytes
  }

  /** The new assignment. What is still open of partitions that stay ours is adopted, and what is done stays done. */
  assign(partitions: ReadonlyArray<AssignedPartition>): void {
    for (const owned of this.#partitions.values()) owned.isOwned = false
    for (const assigned of partitions) {
      const { partition } = assigned
      const known = this.#partitions.get(partition)
      const ledger = new OffsetLedger(assigned)
      if (known === undefined) this.#partitions.set(partition, { ledger, isOwned: true, open: new Map() })
      else {
        ledger.inherit(known.ledger)
        known.ledger = ledger
        known.isOwned = true
      }
    }
  }

  /** The ledger of a partition that is owned now. */
  ledgerOf(partition: number): OffsetLedger | undefined {
    const owned = this.#partitions.get(partition)
    return owned?.isOwned === true ? owned.ledger : undefined
  }

  /** Whether a record that is delivered again is still open here, so that nothing is to be done for it now. */
  isOpen(record: ConsumedRecord): boolean {
    const owned = this.#partitions.get(record.partition)
    const taken = owned?.open.get(record.offset)
    return taken !== undefined && owned?.ledger.isCurrent(record.offset, taken.epoch) === true
  }

  /** What is open of a partition, the longest taken first. */
  openOf(partition: number): Iterable<TakenRecord> {
    return this.#partitions.get(partition)?.open.values() ?? []
  }

  *allOpen(): Iterable<TakenRecord> {
    for (const { open } of this.#partitions.values()) yield* open.values()
  }

  add(taken: TakenRecord): void {
    this.#partitions.get(taken.record.partition)?.open.set(taken.record.offset, taken)
    this.#open++
    this.#openBytes += taken.bytes
  }

  /** Notes that a record has an answer of so many bytes on its way. */
  weigh(taken: TakenRecord, bytes: number): void {
    if (taken.isClosed) return
    taken.bytes += bytes
    taken.replyBytes += bytes
    this.#openBytes += bytes
    this.#replyBytes += bytes
  }

  /** Forgets a record; `isDone` says whether its offset may be committed. */
  close(taken: TakenRecord, isDone: boolean): void {
    if (taken.isClosed) return
    taken.isClosed = true
    this.#open--
    this.#openBytes -= taken.bytes
    this.#replyBytes -= taken.replyBytes
    invariant(this.#open >= 0, "as many records are closed as were opened")
    invariant(this.#openBytes >= 0, "a record gives back the bytes it took")
    const { offset, partition } = taken.record
    const owned = this.#partitions.get(partition)
    if (owned?.open.get(offset) === taken) owned.open.delete(offset)
    // The ledger of today, not of when it was taken: the record may not have been delivered again yet.
    if (isDone && owned?.ledger.isCurrent(offset, taken.epoch) === true) owned.ledger.done(offset, taken.end)
  }

  /** What changed since it was committed last. */
  commits(): ReadonlyArray<PartitionCommit> {
    const commits: Array<PartitionCommit> = []
    for (const [partition, { isOwned, ledger }] of this.#partitions) {
      const pending = isOwned ? ledger.pending() : undefined
      if (pending === undefined) continue
      commits.push({ ...pending, partition, ledger })
    }
    return commits
  }

  /** Notes that these are committed. */
  confirm(commits: ReadonlyArray<PartitionCommit>): void {
    for (const { ledger, mark } of commits) ledger.committed(mark)
  }
}

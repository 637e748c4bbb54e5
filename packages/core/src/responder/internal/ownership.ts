/**
 * The partitions this member owns: their ledgers, what is open in them, and what to commit.
 *
 * Bookkeeping without effects; who joins, fetches and commits is the serving loop.
 */
import type { ConsumedRecord } from "../../transport/KafkaRecord.ts"
import type { AssignedPartition } from "../../transport/Transport.ts"
import { type Commit, OffsetLedger } from "./offsetLedger.ts"
import type { TakenRecord } from "./takenRecord.ts"

interface Owned {
  ledger: OffsetLedger
  isOwned: boolean
  /** What was taken and is not done, by offset. Survives the ownership: a handler does not end with it. */
  readonly open: Map<number, TakenRecord>
}

export interface PartitionCommit extends Commit {
  readonly partition: number
  readonly confirm: () => void
}

export class Ownership {
  readonly #partitions = new Map<number, Owned>()
  #open = 0

  /** Records taken and not done, of all partitions. */
  get open(): number {
    return this.#open
  }

  /** The new assignment. What is still open of partitions that stay ours is adopted, and what is done stays done. */
  assign(partitions: ReadonlyArray<AssignedPartition>): void {
    for (const owned of this.#partitions.values()) owned.isOwned = false
    for (const { committed, metadata, partition } of partitions) {
      const known = this.#partitions.get(partition)
      const ledger = new OffsetLedger(committed, metadata)
      if (known === undefined) this.#partitions.set(partition, { ledger, isOwned: true, open: new Map() })
      else {
        ledger.inherit(known.ledger)
        known.ledger = ledger
        known.isOwned = true
      }
    }
    for (const [partition, owned] of this.#partitions) {
      if (!owned.isOwned && owned.open.size === 0) this.#partitions.delete(partition)
    }
  }

  /** The ledger of a partition that is owned now. */
  ledgerOf(partition: number): OffsetLedger | undefined {
    const owned = this.#partitions.get(partition)
    return owned?.isOwned === true ? owned.ledger : undefined
  }

  /** Continues with a record that is delivered again while it is still open here. False when it is not. */
  adopt(record: ConsumedRecord, ledger: OffsetLedger): boolean {
    const taken = this.#partitions.get(record.partition)?.open.get(record.offset)
    // A topic made anew has other records at the same offsets.
    if (taken === undefined || taken.record.timestamp !== record.timestamp) return false
    taken.ledger = ledger
    return true
  }

  add(taken: TakenRecord): void {
    this.#partitions.get(taken.record.partition)?.open.set(taken.record.offset, taken)
    this.#open++
  }

  /** Forgets a record; `isDone` says whether its offset may be committed. */
  close(taken: TakenRecord, isDone: boolean): void {
    if (taken.isClosed) return
    taken.isClosed = true
    this.#open--
    const { offset, partition } = taken.record
    const owned = this.#partitions.get(partition)
    if (owned?.open.get(offset) === taken) owned.open.delete(offset)
    if (isDone) taken.ledger.done(offset)
  }

  /** Everything that is open, of all partitions. */
  openRecords(): ReadonlyArray<TakenRecord> {
    return Array.from(this.#partitions.values(), ({ open }) => [...open.values()]).flat()
  }

  /** What changed since it was committed last. */
  commits(): ReadonlyArray<PartitionCommit> {
    const commits: Array<PartitionCommit> = []
    for (const [partition, { isOwned, ledger }] of this.#partitions) {
      const pending = isOwned ? ledger.pending() : undefined
      if (pending === undefined) continue
      const { mark, metadata, offset } = pending
      commits.push({ partition, offset, metadata, confirm: () => ledger.committed(mark) })
    }
    return commits
  }
}

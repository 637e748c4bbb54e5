import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { maxMetadataLength } from "../../../src/kafka/Transport.ts"
import { decode, maxBytes } from "../../../src/responder/internal/commitMetadata.ts"
import { OffsetLedger } from "../../../src/responder/internal/offsetLedger.ts"
import { elementOf, int, oneOf } from "../../wire/arbitraries.ts"

const ledgerOf = (committed: number | undefined, metadata: string): OffsetLedger =>
  new OffsetLedger({ committed, metadata })

const at = (offset: number, timestamp: number) => ({ offset, timestamp })

/**
 * What Kafka and the owners of one partition know, kept as plain sets: the offsets that exist, what the group committed,
 * and which offsets are done as far as the present owner can know.
 */
class Partition {
  readonly log: ReadonlyArray<number>
  stored: { readonly offset: number | undefined; readonly metadata: string } = { offset: undefined, metadata: "" }
  /** Done and known to the group by its last commit. */
  storedDone = new Set<number>()
  done = new Set<number>()
  /** Taken and not done, and delivered again since the last assignment. */
  open = new Set<number>()
  /** Taken and not done, and not delivered again yet. */
  awaited = new Set<number>()
  ledger = ledgerOf(undefined, "")
  /** The next index of the log to deliver. */
  position = 0
  /** The first index delivered in this ownership. */
  from = 0

  /** `gaps` are the distances between the records of the log. */
  constructor(gaps: ReadonlyArray<number>) {
    let offset = 0
    this.log = gaps.map((gap) => (offset += gap))
  }

  deliver(): void {
    const offset = this.log[this.position]
    if (offset === undefined) return
    if (!this.ledger.canTake(offset)) {
      // Fetching goes on when something is done: with nothing open it would stop for ever.
      assert.isAbove(this.open.size, 0, `stuck before ${offset}`)
      return
    }
    this.position++
    const isTaken = !this.done.has(offset)
    assert.strictEqual(this.ledger.take(at(offset, offset)), isTaken, `take ${offset}`)
    this.awaited.delete(offset)
    if (isTaken) this.open.add(offset)
  }

  /** The last record delivered again, as after a reconnection. */
  deliverAgain(): void {
    if (this.position > this.from)
      assert.isFalse(this.ledger.take(at(this.log[this.position - 1]!, this.log[this.position - 1]!)))
  }

  finish(which: number): void {
    const unfinished = [...this.awaited, ...this.open]
    const offset = unfinished[which % Math.max(1, unfinished.length)]
    if (offset === undefined) return
    this.open.delete(offset)
    this.awaited.delete(offset)
    this.done.add(offset)
    this.ledger.done(offset)
  }

  commit(succeeds: boolean): void {
    const pending = this.ledger.pending()
    if (pending === undefined) return
    assert.isAtMost(pending.metadata.length, maxMetadataLength)
    if (!succeeds) return
    this.stored = pending
    this.storedDone = new Set(this.done)
    this.ledger.committed(pending.mark)
    assert.isUndefined(this.ledger.pending())
  }

  /** The same owner gets the partition again: what it works on goes on, what it knows to be done stays done. */
  reassign(): void {
    const next = ledgerOf(this.stored.offset, this.stored.metadata)
    next.inherit(this.ledger)
    this.ledger = next
    this.awaited = new Set([...this.awaited, ...this.open])
    this.open = new Set()
    this.rewind()
  }

  /** Another owner takes over with what the group committed; what was open there is lost. */
  takeOver(): void {
    this.ledger = ledgerOf(this.stored.offset, this.stored.metadata)
    this.done = new Set(this.storedDone)
    this.open = new Set()
    this.awaited = new Set()
    this.rewind()
  }

  rewind(): void {
    const { offset } = this.stored
    const index = this.log.findIndex((candidate) => candidate >= (offset ?? 0))
    this.position = this.from = index < 0 ? this.log.length : index
  }

  check(): void {
    const { base, open } = this.ledger
    assert.strictEqual(open, this.open.size)
    for (const offset of [...this.open, ...this.awaited]) {
      assert.isAtMost(base, offset, "the committed offset passes an open one")
    }
    const delivered = this.log.slice(0, this.position)
    // Only what is done may be skipped, and nothing that is done holds the base back.
    assert.isTrue(delivered.every((offset) => offset >= base || this.done.has(offset)))
    if (this.open.size + this.awaited.size === 0 && delivered.length > 0) assert.isAbove(base, delivered.at(-1)!)
  }
}

type Step = (partition: Partition) => void

const step = oneOf<Step>(
  Arbitrary.map(int(1, 8), (count) => (partition) => {
    for (let i = 0; i < count; i++) partition.deliver()
  }),
  Arbitrary.map(int(0, 50), (which) => (partition) => partition.finish(which)),
  Arbitrary.map(int(0, 50), (which) => (partition) => partition.finish(which)),
  Arbitrary.map(elementOf([true, true, false]), (succeeds) => (partition) => partition.commit(succeeds)),
  Arbitrary.map(int(0, 9), (chance) => (partition) => {
    if (chance < 2) partition.reassign()
    else if (chance < 4) partition.takeOver()
    else partition.deliverAgain()
  })
)

const gaps = oneOf(
  Arbitrary.array(elementOf([1, 1, 1, 2, 7]), { minLength: 1, maxLength: 60 }),
  // Most of the log was deleted while nobody read it.
  Arbitrary.array(elementOf([1, 1, 1, 24 * maxBytes]), { minLength: 1, maxLength: 60 })
)

describe("OffsetLedger", () => {
  it.prop(
    "commits nothing open, takes nothing twice and never gets stuck",
    [gaps, Arbitrary.array(step, { maxLength: 80 })],
    ([distances, steps]) => {
      const partition = new Partition(distances)
      for (const step of steps) {
        step(partition)
        partition.check()
      }
      // Whatever has happened: once everything is done, everything can be committed.
      while (partition.position < partition.log.length || partition.open.size > 0) {
        partition.deliver()
        partition.finish(0)
      }
      partition.commit(true)
      assert.strictEqual(partition.ledger.base, partition.log.at(-1)! + 1)
    },
    { arbitrary: { runs: 400 } }
  )

  it("starts where the group's commit says, or at the first record it is given", () => {
    assert.strictEqual(ledgerOf(17, "").base, 17)
    const fresh = ledgerOf(undefined, "")
    assert.isUndefined(fresh.pending())
    assert.isTrue(fresh.take(at(40, 1)))
    assert.strictEqual(fresh.base, 40)
    fresh.done(40)
    assert.strictEqual(fresh.pending()?.offset, 41)
  })

  it("ignores metadata of another program", () => {
    const ledger = ledgerOf(17, "checkpoint")
    assert.isTrue(ledger.take(at(17, 1)))
  })

  it("lets a million later requests pass one slow one", () => {
    const ledger = ledgerOf(0, "")
    assert.isTrue(ledger.take(at(0, 0)))
    for (let offset = 1; offset <= 1_000_000; offset++) {
      if (!ledger.canTake(offset)) assert.fail(`stuck at ${offset}`)
      ledger.take(at(offset, offset))
      ledger.done(offset)
    }
    const { metadata, offset } = ledger.pending()!
    assert.strictEqual(offset, 0)
    assert.isBelow(metadata.length, 20)
    assert.deepStrictEqual(decode(offset, metadata), [{ from: 1, to: 1_000_001 }])
  })

  it("stops taking before the metadata is full, and goes on when it is handed over so", () => {
    const ledger = ledgerOf(0, "")
    let offset = 0
    while (ledger.canTake(offset)) {
      assert.isTrue(ledger.take(at(offset, offset)))
      if (offset % 2 === 1) ledger.done(offset)
      offset++
    }
    assert.isAbove(offset, 20_000)
    const { metadata } = ledger.pending()!
    assert.isAtMost(metadata.length, maxMetadataLength)
    const heir = ledgerOf(0, metadata)
    const taken: Array<number> = []
    for (let next = 0; next < offset; next++) {
      assert.isTrue(heir.canTake(next), `stuck at ${next}`)
      if (heir.take(at(next, next))) taken.push(next)
    }
    assert.deepStrictEqual(
      taken,
      Array.from({ length: Math.ceil(offset / 2) }, (_, index) => index * 2)
    )
  })

  it("begins anew on a topic that was made anew", () => {
    const ledger = ledgerOf(100, "")
    for (const offset of [100, 101, 102]) assert.isTrue(ledger.take(at(offset, offset)))
    ledger.done(101)
    // Older than what was seen: the same record again. Newer: another log.
    assert.isFalse(ledger.take(at(101, 101)))
    assert.isTrue(ledger.take(at(3, 500)))
    assert.deepStrictEqual([ledger.base, ledger.open], [3, 1])
    assert.strictEqual(ledger.epoch, 1)
    for (let offset = 4; offset <= 102; offset++) assert.isTrue(ledger.take(at(offset, 500)), String(offset))
  })

  it("does not take what was finished before it came again", () => {
    const ledger = ledgerOf(10, "")
    ledger.done(12)
    assert.deepStrictEqual(
      [ledger.take(at(10, 1)), ledger.take(at(11, 1)), ledger.take(at(12, 1))],
      [true, true, false]
    )
    assert.strictEqual(ledger.open, 2)
  })

  it("has something to commit when it changed while a commit was on its way", () => {
    const ledger = ledgerOf(0, "")
    for (const offset of [0, 1, 2]) ledger.take(at(offset, offset))
    ledger.done(0)
    const first = ledger.pending()!
    ledger.done(1)
    ledger.committed(first.mark)
    assert.strictEqual(ledger.pending()?.offset, 2)
    // An older commit that is confirmed late takes nothing back.
    ledger.committed(ledger.pending()!.mark)
    ledger.committed(first.mark)
    assert.isUndefined(ledger.pending())
  })

  it("tells in its metadata what is done above the committed offset, and nothing else", () => {
    const ledger = ledgerOf(0, "")
    for (let offset = 0; offset < 6; offset++) ledger.take(at(offset, offset))
    for (const offset of [0, 1, 3, 5]) ledger.done(offset)
    const { metadata, offset } = ledger.pending()!
    assert.strictEqual(offset, 2)
    assert.deepStrictEqual(decode(offset, metadata), [
      { from: 3, to: 4 },
      { from: 5, to: 6 }
    ])
  })

  it.prop(
    "stops taking before anything that may happen could outgrow the metadata",
    [Arbitrary.array(Arbitrary.all([int(1, 3_000), int(1, 30_000)]), { minLength: 1, maxLength: 20 }), int(1, 7)],
    ([stretches, every]) => {
      const ledger = ledgerOf(0, "")
      let offset = 0
      const open: Array<number> = []
      const take = (isDone: boolean): boolean => {
        if (!ledger.canTake(offset)) return false
        ledger.take(at(offset, offset))
        if (isDone) ledger.done(offset)
        else open.push(offset)
        offset++
        return true
      }
      take(false)
      for (const [running, finished] of stretches) {
        for (let i = 0; i < running && take(false); i++);
        for (let i = 0; i < finished && take(true); i++);
      }
      // The worst: those in between are done, one here, one there.
      const done = new Set(Array.from({ length: offset }, (_, one) => one))
      for (const one of open) done.delete(one)
      for (const [index, one] of open.entries()) {
        if (index === 0 || index % every !== 0) continue
        ledger.done(one)
        done.add(one)
      }
      const pending = ledger.pending()
      if (pending === undefined) return
      const told = decode(pending.offset, pending.metadata)
      const size = told.reduce((sum, { from, to }) => sum + to - from, 0)
      assert.strictEqual(size + pending.offset, done.size)
    },
    { arbitrary: { runs: 60 } }
  )
})

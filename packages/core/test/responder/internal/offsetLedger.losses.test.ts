/**
 * What the ledger makes of a log that loses records, is cut off or is replaced.
 */
import { assert, describe, it } from "@effect/vitest"
import { OffsetLedger } from "../../../src/responder/internal/offsetLedger.ts"

const ledgerOf = (committed: number): OffsetLedger => new OffsetLedger({ committed, metadata: "" })

const at = (offset: number, timestamp: number) => ({ offset, timestamp })

const inTopic = (offset: number, topicId: string, timestamp: number) => ({ offset, timestamp, topicId })

const inEpoch = (offset: number, leaderEpoch: number) => ({ offset, timestamp: 1, leaderEpoch })

describe("OffsetLedger of a log that loses things", () => {
  it("executes nothing again of a log that was cut off below what was committed", () => {
    const ledger = ledgerOf(100)
    for (let offset = 10; offset < 100; offset++) assert.isFalse(ledger.take(at(offset, 500 + offset)))
    assert.deepStrictEqual(ledger.losses(), { absent: 0, truncated: 90, anew: 0 })
    assert.isUndefined(ledger.losses())
    assert.isUndefined(ledger.pending())
    assert.isTrue(ledger.take(at(100, 600)))
  })

  it("tells how many offsets it passed over without a record, but not the markers of transactions", () => {
    const ledger = ledgerOf(10)
    for (const offset of [110, 112, 113, 117]) assert.isTrue(ledger.take(at(offset, offset)))
    assert.deepStrictEqual(ledger.losses(), { absent: 103, truncated: 0, anew: 0 })
  })

  it("does not take a topic that was made anew for the old one, whatever its timestamps", () => {
    const ledger = new OffsetLedger({ committed: 0, metadata: "", topicId: "old" })
    for (let offset = 0; offset < 100; offset++) {
      assert.isTrue(ledger.take(inTopic(offset, "old", 1_000)))
      if (offset !== 50) ledger.done(offset)
    }
    const metadata = ledger.pending()!.metadata
    for (let offset = 0; offset < 120; offset++) assert.isTrue(ledger.take(inTopic(offset, "new", 900)), `${offset}`)
    assert.strictEqual(ledger.losses()?.anew, 1)
    assert.isFalse(ledger.isCurrent(50, 0))
    assert.isTrue(ledger.isCurrent(50, 1))
    // Nor does its next owner, whose group committed an offset of the old one.
    const heir = new OffsetLedger({ committed: 50, metadata, topicId: "new" })
    assert.strictEqual(heir.losses()?.anew, 1)
    for (let offset = 0; offset < 120; offset++) assert.isTrue(heir.take(inTopic(offset, "new", 900)), `${offset}`)
    // A record of the same topic that comes again is told as such, even when its clock ran ahead.
    assert.isFalse(heir.take(inTopic(7, "new", 9_000)))
  })

  it("knows by leader epochs what was written where others were lost", () => {
    const ledger = new OffsetLedger({ committed: 100, metadata: "", leaderEpoch: 4 })
    for (const offset of [100, 101, 102, 103, 104]) assert.isTrue(ledger.take(inEpoch(offset, 4)))
    for (const offset of [100, 103]) ledger.done(offset)
    // The same records again: nothing to do.
    assert.deepStrictEqual(
      [101, 103].map((offset) => ledger.take(inEpoch(offset, 4))),
      [false, false]
    )
    // An election lost 102 and above; others were written there.
    assert.isTrue(ledger.take(inEpoch(102, 5)))
    assert.isTrue(ledger.take(inEpoch(103, 5)))
    assert.deepStrictEqual(ledger.losses(), { absent: 0, truncated: 3, anew: 0 })
    assert.deepStrictEqual(
      [101, 102, 104].map((offset) => ledger.isCurrent(offset, 0)),
      [true, false, false]
    )
    assert.deepStrictEqual([ledger.base, ledger.open], [101, 3])
    for (const offset of [101, 102]) ledger.done(offset)
    assert.deepStrictEqual([ledger.pending()?.offset, ledger.pending()?.leaderEpoch, ledger.open], [103, 5, 1])
    // An owner of before the election comes back: what it did above is not what is there now.
    const before = new OffsetLedger({ committed: 100, metadata: "", leaderEpoch: 4 })
    for (const offset of [100, 101, 102, 103]) {
      before.take(inEpoch(offset, 4))
      before.done(offset)
    }
    const again = new OffsetLedger({ committed: 103, metadata: "", leaderEpoch: 5 })
    again.inherit(before)
    assert.isTrue(again.take(inEpoch(103, 5)))
    assert.isFalse(again.isCurrent(103, 0))
    // One that saw the same log goes on with what it knows.
    const same = new OffsetLedger({ committed: 102, metadata: "", leaderEpoch: 4 })
    same.inherit(before)
    assert.strictEqual(same.base, 104)
  })

  it("keeps a batch that cannot be read open until it is done as a whole", () => {
    const batch = { topic: "t", partition: 0, reason: "damaged", bytes: new Uint8Array(3), timestamp: 5 }
    const ledger = ledgerOf(10)
    assert.isTrue(ledger.take(at(10, 1)))
    assert.isTrue(ledger.takeBatch({ ...batch, firstOffset: 11, lastOffset: 40 }))
    assert.isFalse(ledger.takeBatch({ ...batch, firstOffset: 11, lastOffset: 40 }))
    assert.isTrue(ledger.take(at(41, 6)))
    assert.strictEqual(ledger.open, 32)
    ledger.done(10)
    assert.strictEqual(ledger.pending()?.offset, 11)
    ledger.done(11, 41)
    assert.deepStrictEqual([ledger.pending()?.offset, ledger.open], [41, 1])
    assert.isUndefined(ledger.losses())
  })
})

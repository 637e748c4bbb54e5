import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { DedupeTable, type KeptAnswer } from "../../../src/responder/internal/dedupeTable.ts"
import { elementOf, int, oneOf } from "../../wire/arbitraries.ts"

const limits = { entries: 5, bytes: 3_000 }
const ageMillis = 100

/** What the table counts for an answer (with the ids and fingerprints of one letter used here). */
const sizeOf = (bodyBytes: number): number => 258 + bodyBytes

const replyOf = (body: Uint8Array) => ({ outcome: "success", body, headers: [] }) as const

/** The table beside a plain list of everything, oldest first. */
class Pair {
  readonly table = new DedupeTable(limits)
  known: Array<{ readonly kept: KeptAnswer; readonly body: Uint8Array; readonly until: number }> = []
  evicted = 0
  expectedEvictions = 0
  now = 0

  keep(id: string, bytes: number, isPinned: boolean): void {
    const body = new Uint8Array(bytes)
    const kept = this.table.keep(id, "x", replyOf(body), this.now, ageMillis)
    this.known = this.known.filter((one) => one.kept.id !== id)
    this.known.push({ kept, body, until: this.now + ageMillis })
    this.evict()
    // As the machine does: pinned once for the request that made it.
    if (!isPinned) kept.pins--
  }

  get(id: string): void {
    const found = this.known.find((one) => one.kept.id === id)
    const isAlive = found !== undefined && (found.kept.pins > 0 || found.until > this.now)
    assert.strictEqual(this.table.get(id, this.now), isAlive ? found.kept : undefined)
    if (isAlive) assert.deepStrictEqual(found.kept.reply.body, found.body)
    else this.known = this.known.filter((one) => one.kept.id !== id)
  }

  /** The oldest that nobody pins go, until the limits are kept; old ones go anyway. */
  evict(): void {
    for (const one of this.known.slice()) {
      const isOld = one.until <= this.now
      if (!isOld && this.known.length <= limits.entries && this.bytes <= limits.bytes) return
      if (one.kept.pins > 0) continue
      this.known = this.known.filter((other) => other !== one)
      if (!isOld) this.expectedEvictions++
    }
  }

  get bytes(): number {
    return this.known.reduce((sum, { body }) => sum + sizeOf(body.byteLength), 0)
  }

  unpin(which: number): void {
    const pinned = this.known.filter(({ kept }) => kept.pins > 0)
    const one = pinned[which % Math.max(1, pinned.length)]
    if (one !== undefined) one.kept.pins--
  }

  check(): void {
    assert.strictEqual(this.table.size, this.known.length)
    assert.strictEqual(this.table.bytes, this.bytes)
    this.evicted += this.table.takeEvicted()
    assert.strictEqual(this.evicted, this.expectedEvictions)
  }
}

type Step = (pair: Pair) => void

const id = elementOf([..."abcdefgh"])
const step = oneOf<Step>(
  Arbitrary.map(
    Arbitrary.all([id, elementOf([0, 1, 300, 800]), elementOf([true, false])]),
    ([name, bytes, isPinned]) =>
      (pair) =>
        pair.keep(name, bytes, isPinned)
  ),
  Arbitrary.map(id, (name) => (pair) => pair.get(name)),
  Arbitrary.map(int(0, 9), (which) => (pair) => pair.unpin(which)),
  Arbitrary.map(elementOf([0, 1, 40, 100]), (millis) => (pair) => {
    pair.now += millis
  })
)

describe("DedupeTable", () => {
  it.prop(
    "remembers what a list of everything would, within its limits",
    [Arbitrary.array(step, { maxLength: 100 })],
    ([steps]) => {
      const pair = new Pair()
      for (const step of steps) {
        step(pair)
        pair.check()
      }
    },
    { arbitrary: { runs: 400 } }
  )

  it("is within its limits as soon as nothing is pinned", () => {
    const table = new DedupeTable(limits)
    const pinned = Array.from({ length: 20 }, (_, index) =>
      table.keep(`p${index}`, "x", replyOf(new Uint8Array(10)), 0, ageMillis)
    )
    assert.deepStrictEqual([table.size, table.takeEvicted()], [20, 0])
    for (const kept of pinned) kept.pins = 0
    table.keep("last", "x", replyOf(new Uint8Array(10)), 0, ageMillis)
    assert.deepStrictEqual([table.size, table.takeEvicted()], [5, 16])
    assert.isDefined(table.get("last", 0))
    assert.isUndefined(table.get("p0", 0))
  })

  it("keeps of an answer its own bytes, and nothing else", () => {
    const table = new DedupeTable(limits)
    const pool = new Uint8Array(1_000_000).fill(7)
    const headers = [["h", pool.subarray(5, 6)]] as const
    const { reply } = table.keep("a", "x", { outcome: "success", body: pool.subarray(3, 5), headers }, 0, ageMillis)
    const bytes = [reply.body, reply.headers[0]![1]]
    assert.deepStrictEqual(bytes, [Uint8Array.of(7, 7), Uint8Array.of(7)])
    assert.deepStrictEqual(
      bytes.map(({ buffer }) => buffer.byteLength),
      [2, 1]
    )
  })

  it("keeps what is answered and not committed beyond its age", () => {
    const table = new DedupeTable(limits)
    const kept = table.keep("a", "x", replyOf(Buffer.from("1")), 0, ageMillis)
    assert.strictEqual(table.bytes, sizeOf(1))
    assert.strictEqual(table.get("a", 10 * ageMillis), kept)
    kept.pins = 0
    assert.isUndefined(table.get("a", 10 * ageMillis))
    assert.strictEqual(table.bytes, 0)
  })
})

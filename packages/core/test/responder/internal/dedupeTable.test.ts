import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { DedupeTable, type Entry } from "../../../src/responder/internal/dedupeTable.ts"
import { elementOf, int, oneOf } from "../../wire/arbitraries.ts"

const limits = { entries: 5, bytes: 3_000, ageMillis: 100 }

/** What the table counts for an entry (with the ids of one letter used here). */
const sizeOf = (bodyBytes: number): number => 257 + bodyBytes

interface Known {
  readonly id: string
  readonly fingerprint: string | undefined
  readonly entry: Entry<number>
  waiters: Array<number>
  body: Uint8Array | undefined
  finishedAt: number
}

/** The table beside a plain list of everything, oldest first. */
class Pair {
  evicted = 0
  readonly table = new DedupeTable<number>(limits, () => void this.evicted++)
  known: Array<Known> = []
  expectedEvictions = 0
  now = 0
  nextWaiter = 0

  isAlive({ body, entry, finishedAt }: Known): boolean {
    return body === undefined || entry.pins > 0 || this.now - finishedAt < limits.ageMillis
  }

  claim(id: string, fingerprint: string | undefined, isPinned: boolean): void {
    const waiter = this.nextWaiter++
    const claim = this.table.claim(id, fingerprint, waiter, this.now)
    const found = this.known.find((one) => one.id === id && this.isAlive(one))
    this.known = this.known.filter((one) => one.id !== id || one === found)
    if (claim._tag !== "Conflict" && isPinned) claim.entry.pins++
    if (found === undefined) {
      assert.strictEqual(claim._tag, "Fresh")
      if (claim._tag !== "Fresh") return
      const { entry } = claim
      assert.strictEqual(entry.owner, waiter)
      this.known.push({ id, fingerprint, entry, waiters: [waiter], body: undefined, finishedAt: 0 })
    } else if (found.fingerprint !== fingerprint) assert.strictEqual(claim._tag, "Conflict")
    else if (found.body === undefined) {
      assert.strictEqual(claim._tag, "Running")
      found.waiters.push(waiter)
    } else {
      assert.strictEqual(claim._tag, "Done")
      assert.deepStrictEqual(claim._tag === "Done" ? claim.reply.body : undefined, found.body)
    }
  }

  end(which: number, bytes: number | undefined): void {
    const running = this.known.filter(({ body }) => body === undefined)
    const one = running[which % Math.max(1, running.length)]
    if (one === undefined) return
    this.known = this.known.filter((other) => other !== one)
    if (bytes === undefined) assert.deepStrictEqual(this.table.forget(one.entry), one.waiters)
    else {
      one.body = new Uint8Array(bytes)
      one.finishedAt = this.now
      assert.deepStrictEqual(
        this.table.finish(one.entry, { outcome: "success", body: one.body, headers: [] }, this.now),
        one.waiters
      )
      this.known.push(one)
      this.evict()
    }
    assert.deepStrictEqual(one.entry.waiters, [])
  }

  /** The oldest finished ones that nobody pins go, until the limits are kept; old ones go anyway. */
  evict(): void {
    for (const one of this.known.filter(({ body }) => body !== undefined)) {
      const isOld = this.now - one.finishedAt >= limits.ageMillis
      if (!isOld && !this.isOver) return
      if (one.entry.pins > 0) continue
      this.known = this.known.filter((other) => other !== one)
      if (!isOld) this.expectedEvictions++
    }
  }

  get isOver(): boolean {
    return this.known.filter(({ body }) => body !== undefined).length > limits.entries || this.bytes > limits.bytes
  }

  get bytes(): number {
    return this.known.reduce((sum, { body }) => (body === undefined ? sum : sum + sizeOf(body.byteLength)), 0)
  }

  unpin(which: number): void {
    const pinned = this.known.filter(({ entry }) => entry.pins > 0)
    const one = pinned[which % Math.max(1, pinned.length)]
    if (one !== undefined) one.entry.pins--
  }

  check(): void {
    assert.strictEqual(this.table.size, this.known.length)
    assert.strictEqual(this.table.bytes, this.bytes)
    assert.strictEqual(this.evicted, this.expectedEvictions)
    for (const { body, id } of this.known) assert.strictEqual(this.table.isRunning(id), body === undefined)
  }
}

type Step = (pair: Pair) => void

const step = oneOf<Step>(
  Arbitrary.map(
    Arbitrary.all([elementOf([..."abcdefgh"]), elementOf(["x", "x", "x", "y", undefined]), elementOf([true, false])]),
    ([id, fingerprint, isPinned]) =>
      (pair) =>
        pair.claim(id, fingerprint, isPinned)
  ),
  Arbitrary.map(Arbitrary.all([elementOf([..."abcdefgh"]), int(0, 3)]), ([id, pin]) => (pair) => {
    pair.claim(id, "x", pin === 0)
  }),
  Arbitrary.map(
    Arbitrary.all([int(0, 9), elementOf([0, 1, 300, 800, undefined])]),
    ([which, bytes]) =>
      (pair) =>
        pair.end(which, bytes)
  ),
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
    const evictions: Array<number> = []
    const table = new DedupeTable<number>(limits, () => void evictions.push(1))
    const finish = (id: string, pins: number) => {
      const claim = table.claim(id, undefined, 0, 0)
      assert.strictEqual(claim._tag, "Fresh")
      if (claim._tag !== "Fresh") throw new Error("not fresh")
      claim.entry.pins = pins
      table.finish(claim.entry, { outcome: "success", body: new Uint8Array(10), headers: [] }, 0)
      return claim.entry
    }
    const pinned = Array.from({ length: 20 }, (_, index) => finish(`p${index}`, 1))
    assert.deepStrictEqual([table.size, evictions.length], [20, 0])
    for (const entry of pinned) entry.pins = 0
    finish("last", 0)
    assert.deepStrictEqual([table.size, evictions.length], [5, 16])
    assert.strictEqual(table.claim("last", undefined, 1, 0)._tag, "Done")
    assert.strictEqual(table.claim("p0", undefined, 1, 0)._tag, "Fresh")
  })

  it("keeps of a request that is over what it was answered, and nothing else", () => {
    const table = new DedupeTable<object>(limits, () => {})
    const claim = table.claim("a", "x", { large: "request" }, 0)
    if (claim._tag !== "Fresh") return assert.fail(claim._tag)
    const pool = new Uint8Array(1_000_000).fill(7)
    const reply = { outcome: "success", body: pool.subarray(3, 5), headers: [["h", pool.subarray(5, 6)]] } as const
    table.finish(claim.entry, reply, 0)
    assert.isUndefined(claim.entry.owner)
    const kept = table.claim("a", "x", {}, 1)
    if (kept._tag !== "Done") return assert.fail(kept._tag)
    const bytes = [kept.reply.body, kept.reply.headers[0]![1]]
    assert.deepStrictEqual(bytes, [Uint8Array.of(7, 7), Uint8Array.of(7)])
    assert.deepStrictEqual(
      bytes.map(({ buffer }) => buffer.byteLength),
      [2, 1]
    )
  })

  it("keeps what is answered and not committed beyond its age", () => {
    const table = new DedupeTable<number>(limits, () => {})
    const claim = table.claim("a", "x", 0, 0)
    if (claim._tag !== "Fresh") return assert.fail(claim._tag)
    claim.entry.pins = 1
    table.finish(claim.entry, { outcome: "success", body: Buffer.from("1"), headers: [["h", Buffer.from("23")]] }, 0)
    assert.strictEqual(table.bytes, sizeOf(1) + 3)
    assert.strictEqual(table.claim("a", "x", 1, 10 * limits.ageMillis)._tag, "Done")
    claim.entry.pins = 0
    assert.strictEqual(table.claim("a", "x", 1, 10 * limits.ageMillis)._tag, "Fresh")
    assert.strictEqual(table.bytes, 0)
  })
})

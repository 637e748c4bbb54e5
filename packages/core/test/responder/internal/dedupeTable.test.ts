import { assert, describe, it } from "@effect/vitest"
import { DedupeTable, type Entry } from "../../../src/responder/internal/dedupeTable.ts"
import type { StoredAnswer } from "../../../src/responder/internal/storedAnswer.ts"

const limits = { entries: 5, ageMillis: 100 }
const reply: StoredAnswer = { outcome: "success", body: new Uint8Array(10), headers: [] }
const identity = (id: string, fingerprint = "x") => ({ id, operation: "Order", fingerprint })

const fresh = <W>(table: DedupeTable<W>, id: string, waiter: W, now = 0): Entry<W> => {
  const claim = table.claim(identity(id), waiter, now)
  if (claim._tag !== "Fresh") throw new Error(`not fresh but ${claim._tag}`)
  return claim.entry
}

describe("DedupeTable", () => {
  it("P6/deduplication: lets those who ask while it runs wait for the run, with the same payload only", () => {
    const table = new DedupeTable<string>(10_000)
    const entry = fresh(table, "a", "first")
    const joined = table.claim(identity("a"), "second", 1)
    assert.strictEqual(joined._tag === "Running" ? joined.owner : undefined, "first")
    assert.strictEqual(table.claim(identity("a", "y"), "third", 1)._tag, "Conflict")
    assert.isTrue(table.isRunning("a"))
    const { evicted, waiters } = table.finish(entry, reply, limits, 2)
    assert.deepStrictEqual([waiters, evicted], [["first", "second"], 0])
    assert.isUndefined(table.ownerOf("a"))
    assert.deepStrictEqual([entry.owner, entry.waiters], [undefined, []])
    const done = table.claim(identity("a"), "fourth", 3)
    assert.deepStrictEqual(done._tag === "Done" ? done.reply : undefined, reply)
    assert.strictEqual(table.claim(identity("a", "y"), "fifth", 3)._tag, "Conflict")
  })

  it("P6/deduplication: runs again what was forgotten, and what is too old unless it is not committed yet", () => {
    const table = new DedupeTable<string>(10_000)
    assert.deepStrictEqual(table.forget(fresh(table, "a", "first")), ["first"])
    const entry = fresh(table, "a", "second")
    entry.pins = 1
    table.finish(entry, reply, limits, 0)
    assert.strictEqual(table.claim(identity("a"), "third", 10 * limits.ageMillis)._tag, "Done")
    entry.pins = 0
    fresh(table, "a", "fourth", 10 * limits.ageMillis)
  })

  it("P9/deduplication: is within its limits as soon as nothing is pinned", () => {
    const table = new DedupeTable<string>(1_000_000)
    const finish = (id: string, pins: number): [Entry<string>, number] => {
      const entry = fresh(table, id, id)
      entry.pins = pins
      return [entry, table.finish(entry, reply, limits, 0).evicted]
    }
    const pinned = Array.from({ length: 20 }, (_, index) => finish(`p${index}`, 1))
    assert.deepStrictEqual([table.size, pinned.every(([, evicted]) => evicted === 0)], [20, true])
    for (const [entry] of pinned) entry.pins = 0
    assert.strictEqual(finish("last", 0)[1], 16)
    assert.strictEqual(table.size, limits.entries)
  })
})

import { assert, describe, it } from "@effect/vitest"
import { CancelledIds } from "../../../src/responder/internal/cancelledIds.ts"

describe("CancelledIds", () => {
  it("remembers an id for 10 seconds", () => {
    const ids = new CancelledIds()
    ids.add("a", 1_000)
    assert.isFalse(ids.has("b", 1_000))
    assert.isTrue(ids.has("a", 10_999))
    assert.isFalse(ids.has("a", 11_000))
  })

  it("begins to count again when a cancel is repeated", () => {
    const ids = new CancelledIds()
    ids.add("a", 0)
    ids.add("a", 9_000)
    ids.add("b", 12_000)
    assert.deepStrictEqual([ids.has("a", 18_000), ids.has("a", 19_000)], [true, false])
  })

  it("keeps the newest 10 000", () => {
    const ids = new CancelledIds()
    for (let i = 0; i <= 10_000; i++) ids.add(String(i), 0)
    assert.deepStrictEqual(
      ["0", "1", "10000"].map((id) => ids.has(id, 0)),
      [false, true, true]
    )
  })

  it("counts a repeated cancel as a new one when it has to forget", () => {
    const ids = new CancelledIds()
    for (let i = 0; i < 10_000; i++) ids.add(String(i), 0)
    ids.add("0", 0)
    ids.add("new", 0)
    assert.deepStrictEqual(
      ["0", "1", "new"].map((id) => ids.has(id, 0)),
      [true, false, true]
    )
  })
})

import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { type Ended, EndedCalls } from "../../../src/requester/internal/endedCalls.ts"
import { elementOf, int } from "../../wire/arbitraries.ts"

const size = 65_536

describe("EndedCalls", () => {
  it.prop(
    "tells how each of the newest calls ended",
    [Arbitrary.array(elementOf<Ended>(["replied", "given-up"]), { minLength: 1, maxLength: 50 }), int(0, 3 * size)],
    ([ends, first]) => {
      const calls = new EndedCalls()
      for (const [index, how] of ends.entries()) {
        calls.opened(first + index)
        calls.ended(first + index, how)
      }
      const next = first + ends.length
      for (const [index, how] of ends.entries()) assert.strictEqual(calls.find(first + index, next), how)
      assert.strictEqual(calls.find(next, next), "never-called")
      assert.strictEqual(calls.find(Number.MAX_SAFE_INTEGER, next), "never-called")
    }
  )

  it("forgets what is more than 65 536 calls old, and never takes one call for another", () => {
    const calls = new EndedCalls()
    calls.opened(0)
    calls.ended(0, "replied")
    assert.strictEqual(calls.find(0, size), "replied")
    assert.strictEqual(calls.find(0, size + 1), "forgotten")
    // Its place is taken by a call that gives up.
    calls.opened(size)
    calls.ended(size, "given-up")
    assert.deepStrictEqual([calls.find(size, size + 1), calls.find(0, size + 1)], ["given-up", "forgotten"])
  })

  it("does not show a new call the end of the one whose place it has", () => {
    const calls = new EndedCalls()
    calls.ended(1, "replied")
    calls.opened(1 + size)
    assert.strictEqual(calls.find(1 + size, 2 + size), "given-up")
  })
})

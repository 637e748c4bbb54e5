import { assert, it } from "@effect/vitest"
import { Tally } from "../src/Tally.ts"

it("a tally says how often each outcome came, the most frequent first", () => {
  const tally = new Tally()
  for (let i = 0; i < 1234; i++) tally.add("Reserve", "success", 2.34)
  tally.add("Reserve", "failure", 12.6)
  tally.add("GetStock", "success", 1)
  assert.strictEqual(tally.count, 1236)
  assert.strictEqual(tally.text(), "Reserve 1 234 success, 1 failure · GetStock 1 success · slowest 13 ms")
})

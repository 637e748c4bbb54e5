import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { DoneSet, lengthOf, type Run } from "../../../src/responder/internal/doneSet.ts"
import { int, oneOf } from "../../wire/arbitraries.ts"

const offsetsOf = (runs: ReadonlyArray<Readonly<Run>>): ReadonlyArray<number> =>
  runs.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, index) => from + index))

const added = Arbitrary.map(
  Arbitrary.all([int(0, 60), int(0, 6)]),
  ([from, length]) => ["add", from, from + length] as const
)
const step = oneOf<readonly ["add", number, number] | readonly ["dropBelow" | "dropFrom", number]>(
  added,
  added,
  added,
  Arbitrary.map(int(0, 30), (offset) => ["dropBelow", offset] as const),
  Arbitrary.map(int(20, 70), (offset) => ["dropFrom", offset] as const)
)

describe("DoneSet", () => {
  it.prop("is the set it stands for, in the fewest runs", [Arbitrary.array(step, { maxLength: 60 })], ([steps]) => {
    const done = new DoneSet()
    const model = new Set<number>()
    for (const step of steps) {
      if (step[0] === "add") {
        done.add(step[1], step[2])
        for (let offset = step[1]; offset < step[2]; offset++) model.add(offset)
      } else if (step[0] === "dropBelow") {
        done.dropBelow(step[1])
        for (const offset of model) if (offset < step[1]) model.delete(offset)
      } else {
        done.dropFrom(step[1])
        for (const offset of model) if (offset >= step[1]) model.delete(offset)
      }
      const sorted = [...model].toSorted((a, b) => a - b)
      assert.deepStrictEqual(offsetsOf(done.runs()), sorted)
      assert.strictEqual(done.count, sorted.filter((offset) => !model.has(offset - 1)).length)
      assert.strictEqual(done.size, model.size)
      assert.strictEqual(
        done.runBytes,
        done.runs().reduce((sum, { from, to }) => sum + lengthOf(to - from), 0)
      )
      assert.strictEqual(done.first?.from, sorted[0])
      assert.strictEqual(done.end, sorted.length === 0 ? undefined : sorted.at(-1)! + 1)
      for (let offset = 0; offset < 70; offset++) {
        assert.strictEqual(done.has(offset), model.has(offset))
        assert.strictEqual(done.sizeBelow(offset), sorted.filter((one) => one < offset).length)
      }
    }
  })

  it("counts the bytes of a length as they are written, seven bits each", () => {
    assert.deepStrictEqual([0, 1, 127, 128, 16_383, 16_384, 2 ** 45].map(lengthOf), [1, 1, 1, 2, 2, 3, 7])
  })
})

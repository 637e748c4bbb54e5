import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { choose } from "../../../src/requester/internal/partitionChoice.ts"
import { elementOf } from "../../wire/arbitraries.ts"

const out = Number.POSITIVE_INFINITY
const loads = Arbitrary.array(elementOf([out, 0, 1, 5, 20]), { minLength: 1, maxLength: 8 })
const some = Arbitrary.array(elementOf([0, 1, 2, 3, 4, 5, 6, 7]), { maxLength: 8 })
const turns = elementOf([0, 1, 2, 3, 4, 5, 6, 7])

const chooseFrom = (
  given: ReadonlyArray<number>,
  turn: number,
  without: ReadonlyArray<number> = []
): number | undefined => choose(given.length, turn % given.length, (partition) => given[partition]!, without)

describe("choose", () => {
  it.prop(
    "takes the least loaded partition that can be written to and is allowed, whenever there is one",
    [loads, turns, some],
    ([given, turn, without]) => {
      const eligible = given.flatMap((load, partition) =>
        Number.isFinite(load) && !without.includes(partition) ? [partition] : []
      )
      const chosen = chooseFrom(given, turn, without)
      if (eligible.length === 0) return assert.isUndefined(chosen)
      assert.include(eligible, chosen!)
      assert.strictEqual(given[chosen!], Math.min(...eligible.map((partition) => given[partition]!)))
    }
  )

  it("takes idle partitions in turn", () => {
    const order: Array<number> = []
    for (let index = 0, turn = 0; index < 7; index++) {
      const chosen = chooseFrom([0, 0, 0], turn)!
      order.push(chosen)
      turn = chosen + 1
    }
    assert.deepStrictEqual(order, [0, 1, 2, 0, 1, 2, 0])
  })

  it("looks at no more than a few of a large topic, however many are out of reach before them", () => {
    let looks = 0
    const chosen = choose(
      1_000,
      0,
      (partition) => {
        looks++
        return partition < 500 ? out : 3
      },
      []
    )
    assert.deepStrictEqual([chosen, looks], [500, 508])
  })
})

import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import type { Sample } from "../src/Campaign.ts"
import { middleOf, ratiosOf, rowsOf } from "../src/Summary.ts"

const sample = (peer: string, round: number, perSecond: number): Sample => ({
  peer,
  round,
  operation: "GetStock",
  inFlight: 64,
  perSecond,
  p50: 1,
  p90: 2,
  p99: 3,
  p999: 4,
  max: 5,
  wrong: round,
  requesterMicros: 10,
  responderMicros: undefined,
  brokerMicros: 5,
  requesterMb: 1,
  responderMb: 1
})

describe("a summary", () => {
  it("has the median and the range of all rounds, and every wrong answer", () => {
    const [row, ...others] = rowsOf([sample("a", 0, 300), sample("a", 1, 100), sample("a", 2, 200)])
    assert.deepStrictEqual(others, [])
    assert.deepStrictEqual(row!.perSecond, { median: 200, low: 100, high: 300 })
    assert.deepStrictEqual([row!.wrong, row!.requesterMicros, row!.responderMicros], [3, 10, undefined])
  })

  it("compares with the best variant of a peer", () => {
    const rows = rowsOf([sample("a", 0, 300), sample("b", 0, 100), sample("c", 0, 150)])
    assert.deepStrictEqual(ratiosOf(rows, "GetStock", "a", ["b", "c"]), [{ inFlight: 64, ratio: 2 }])
    assert.deepStrictEqual(ratiosOf(rows, "GetStock", "a", ["d"]), [])
  })

  it.prop(
    "has medians that lie in their range, with half of the values on either side",
    [Arbitrary.array(Arbitrary.schema(Schema.Int), { minLength: 1 })],
    ([values]) => {
      const { high, low, median } = middleOf(values)
      assert.isTrue(low <= median && median <= high)
      assert.isTrue(values.filter((value) => value < median).length * 2 <= values.length)
      assert.isTrue(values.filter((value) => value > median).length * 2 <= values.length)
    }
  )
})

/**
 * Seeds that broke a promise once by a turn of a fiber, which no smaller plan shows.
 */
import { assert, describe, it } from "@effect/vitest"
import { makePlan } from "../../src/plan/makePlan.ts"
import { runHistory } from "../../src/run/history.ts"

describe("seeds that failed once", () => {
  it.each([[2_005_442, "a call that wants no outcome was told the defect of the run it joined while that ended"]])(
    "%i: %s",
    (seed) => assert.deepStrictEqual(runHistory(makePlan(seed)).violations, [])
  )
})

/**
 * Seeds that broke a promise once by a turn of a fiber, which no smaller plan shows.
 */
import { assert, describe, it } from "@effect/vitest"
import { makePlan } from "../../src/plan/makePlan.ts"
import { runHistory } from "../../src/run/history.ts"

describe("seeds that failed once", () => {
  it.each([
    [2_005_442, "a call that wants no outcome was told the defect of the run it joined while that ended"],
    [7_001_487, "a look at a compacted reply topic had no answer, and no reply was ever written to it"],
    [7_009_943, "a request that had joined a stopped run waited behind later ones of its key"],
    [7_010_341, "a cancel waited for the pause between looks that had helped others"]
  ])("%i: %s", (seed) => assert.deepStrictEqual(runHistory(makePlan(seed)).violations, []))
})

/**
 * A seed decides everything: the same plan run twice gives the same events, in whatever order and company plans are run.
 */
import { assert, describe, it } from "@effect/vitest"
import { guarded, type Leak } from "../../src/kernel/HostGuard.ts"
import { makePlan } from "../../src/plan/makePlan.ts"
import { runHistory } from "../../src/run/history.ts"

const seeds = Array.from({ length: 60 }, (_, index) => index + 1)

describe("replay", () => {
  it("gives the same events for the same seed", () => {
    const first = seeds.map((seed) => JSON.stringify(runHistory(makePlan(seed)).events))
    const second = seeds.toReversed().map((seed) => JSON.stringify(runHistory(makePlan(seed)).events))
    assert.deepStrictEqual(second.toReversed(), first)
    assert.strictEqual(new Set(first).size, seeds.length)
  }, 60_000)

  it("uses no clock, timer or dice of the host", () => {
    const leaks: Array<Leak> = []
    guarded(
      () => {
        for (const seed of seeds) runHistory(makePlan(seed))
      },
      (leak) => leaks.push(leak)
    )
    assert.deepStrictEqual(leaks, [])
  }, 60_000)
})

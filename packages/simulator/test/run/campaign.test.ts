/**
 * The engine keeps its promises in the first few hundred histories; a failing one is told, counted and made small.
 */
import { assert, describe, it } from "@effect/vitest"
import { mutants } from "../../src/mutants/hunt.ts"
import { campaign } from "../../src/run/campaign.ts"

const runs = 300

describe("a campaign", () => {
  it("finds nothing wrong with the engine, and sees most of what can happen", () => {
    const running = campaign(1)
    for (let run = 0; run < runs; run++) running.next()
    assert.deepStrictEqual([...running.findings.values()], [])
    assert.strictEqual(running.coverage.histories, runs)
    assert.isAbove(running.coverage.pairs().seen, 100)
    assert.notInclude(running.coverage.neverSeen(), "outcome success")
  }, 120_000)

  it("makes the plan that shows a bug small", () => {
    const mutant = mutants.find(({ name }) => name === "no dedupe")!
    const undo = mutant.install()
    try {
      const running = campaign(1, mutant.decorators)
      while (running.findings.size === 0) running.next()
      const [finding] = running.findings.values()
      assert.isAtMost(finding!.plan.calls.length, 2)
      assert.isAtMost(finding!.plan.recordFaults.length + finding!.plan.worldFaults.length, 1)
    } finally {
      undo()
    }
  }, 120_000)
})

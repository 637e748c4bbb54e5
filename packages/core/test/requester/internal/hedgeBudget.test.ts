import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { burst, HedgeBudget } from "../../../src/requester/internal/hedgeBudget.ts"
import { boolean, elementOf } from "../../wire/arbitraries.ts"

describe("HedgeBudget", () => {
  it.prop(
    "allows no more hedges than its share of the calls and a burst, over any stretch of calls",
    [elementOf([0.001, 0.1, 0.5, 1]), Arbitrary.array(boolean, { maxLength: 300 })],
    ([share, steps]) => {
      const budget = new HedgeBudget(share)
      // Hedges and calls from each beginning on, as of the stretch that begins there.
      let worst = 0
      for (const isCall of steps) {
        if (isCall) {
          budget.called()
          worst = Math.max(0, worst - share)
        } else if (budget.take()) worst++
        assert.isAtMost(worst, burst + 0.000_001)
      }
    }
  )

  it("pays for one hedge with ten calls at a tenth", () => {
    const budget = new HedgeBudget(0.1)
    for (let index = 0; index < burst; index++) assert.isTrue(budget.take())
    for (let hedge = 0; hedge < 3; hedge++) {
      assert.isFalse(budget.take())
      for (let call = 0; call < 11; call++) budget.called()
      assert.isTrue(budget.take())
    }
  })
})

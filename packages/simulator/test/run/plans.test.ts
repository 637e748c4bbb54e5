import { assert, describe, it } from "@effect/vitest"
import { runHistory } from "../../src/run/history.ts"
import { plans } from "./plans.ts"

describe("plans that failed once", () => {
  it.each(Object.entries(plans))(
    "%s",
    (_, plan) => {
      for (let seed = 1; seed <= 20; seed++) assert.deepStrictEqual(runHistory({ ...plan, seed }).violations, [])
    },
    60_000
  )
})

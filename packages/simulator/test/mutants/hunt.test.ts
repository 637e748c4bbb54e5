/**
 * The simulator bites: every planted bug is reported.
 */
import { assert, describe, it } from "@effect/vitest"
import { hunt, mutants } from "../../src/mutants/hunt.ts"

describe("mutants", () => {
  it.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
    "reports: %s",
    (_, mutant) => assert.isDefined(hunt(mutant, 1, 5_000)),
    600_000
  )
})

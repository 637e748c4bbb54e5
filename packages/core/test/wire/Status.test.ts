import { assert, describe, it } from "@effect/vitest"
import * as Status from "../../src/wire/Status.ts"

describe("Status", () => {
  it("lets only refusals that pass be retried", () => {
    assert.deepStrictEqual(Status.known.filter(Status.isRetryable), ["overloaded", "shutting-down"])
    assert.isFalse(Status.isRetryable("a status of a later version"))
  })
})

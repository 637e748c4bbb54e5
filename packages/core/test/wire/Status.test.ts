import { assert, describe, it } from "@effect/vitest"
import * as Status from "../../src/wire/Status.ts"

describe("Status", () => {
  it("lets only refusals that pass be retried", () => {
    assert.deepStrictEqual(Status.known.filter(Status.isTransient), ["overloaded", "unavailable", "shutting-down"])
    assert.isFalse(Status.isTransient("a status of a later version"))
  })

  it("tells requests that were executed and have no answer from requests that were not", () => {
    assert.deepStrictEqual(Status.known.filter(Status.isExecuted), [
      "reply-too-large",
      "reply-invalid",
      "reply-refused",
      "internal"
    ])
    assert.isFalse(Status.isExecuted("a status of a later version"))
  })
})

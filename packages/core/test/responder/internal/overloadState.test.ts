import { assert, describe, it } from "@effect/vitest"
import { OverloadState } from "../../../src/responder/internal/overloadState.ts"

describe("overload", () => {
  it("holds for a second after the last request that could not be begun in time", () => {
    const overload = new OverloadState()
    assert.isFalse(overload.isOn)
    overload.missed(0)
    overload.missed(500)
    overload.look(1_499)
    assert.isTrue(overload.isOn)
    overload.look(1_500)
    assert.isFalse(overload.isOn)
  })
})

import { assert, describe, it } from "@effect/vitest"
import * as StatusCode from "../../src/requester/StatusCode.ts"
import * as Status from "../../src/wire/Status.ts"
import { ofTransport } from "./reasons.ts"

describe("StatusCode", () => {
  it("is known for every status of this version, and unknown for others", () => {
    assert.notInclude(Status.known.map(StatusCode.ofStatus), "UNKNOWN")
    assert.deepStrictEqual(["of later", "toString", ""].map(StatusCode.ofStatus), ["UNKNOWN", "UNKNOWN", "UNKNOWN"])
  })

  it("tells who a client is from what it may do", () => {
    assert.deepStrictEqual(ofTransport.map(StatusCode.ofTransport), [
      "UNAVAILABLE",
      "PERMISSION_DENIED",
      "UNAUTHENTICATED",
      "NOT_FOUND",
      "FAILED_PRECONDITION",
      "UNKNOWN",
      "RESOURCE_EXHAUSTED"
    ])
  })
})

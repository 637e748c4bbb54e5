import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { errorOfRejection } from "../../../src/requester/internal/rejection.ts"
import * as Status from "../../../src/wire/Status.ts"
import { operation } from "../../contract/stock.ts"
import { ascii, bytes, elementOf, int, maybe, oneOf, syntax } from "../../wire/arbitraries.ts"
import { reply } from "../fixtures.ts"

const clock = { nowMillis: 10_000, remainingMillis: 1_000 }
const rejected = (
  status: string,
  fields: { readonly at?: number; readonly retryAfter?: number } = {},
  body?: unknown
) => reply({ outcome: "rejected", status, ...fields }, body)

describe("a rejection", () => {
  const any = Arbitrary.all({
    status: oneOf<string>(elementOf(Status.known), ascii(1, 20)),
    at: maybe(int(0, 20_000)),
    retryAfter: maybe(int(0, 5_000)),
    body: oneOf<unknown>(
      bytes(0, 20),
      Arbitrary.map(syntax(0, 20), (text) => Buffer.from(text)),
      elementOf([null, 7, "no", [], {}, { message: 7 }, { message: "why" }, { message: "why", more: true }])
    ),
    remainingMillis: int(-100, 5_000)
  })
  it.prop(
    "has an error, whatever its body is",
    [any],
    ([{ at, body, remainingMillis, retryAfter, status }]) => {
      const fields = { outcome: "rejected", status, at, retryAfter } as const
      const error = errorOfRejection(operation("Take"), reply(fields, body), { nowMillis: 10_000, remainingMillis })
      const isSkewed = status === "expired" && at !== undefined && remainingMillis > 0 && at > 10_000 + remainingMillis
      if (error.reason._tag === "ClockSkew") return assert.isTrue(isSkewed)
      assert.isFalse(isSkewed)
      const { reason } = error
      // What was executed is never called rejected.
      assert.strictEqual(reason._tag, Status.isExecuted(status) ? "Unanswerable" : "Rejected")
      if (reason._tag !== "Rejected" && reason._tag !== "Unanswerable") return
      const { detail } = reason
      assert.strictEqual(reason.status, status)
      if (reason._tag === "Rejected") assert.strictEqual(reason.retryAfterMillis, retryAfter)
      assert.strictEqual(error.isTransient, Status.isTransient(status))
      const message = typeof body === "object" && body !== null && "message" in body ? body.message : ""
      if (!(body instanceof Uint8Array)) assert.strictEqual(detail, typeof message === "string" ? message : "")
      assert.isFalse(error.isCertainlyNotExecuted)
      assert.include(error.message, status)
    },
    { arbitrary: { runs: 300 } }
  )

  it("for an operation that a responder does not know yet is transient for reads", () => {
    const isTransient = (["Get", "Take"] as const).map((tag) => {
      const { reason } = errorOfRejection(operation(tag), rejected("unimplemented"), clock)
      return reason._tag === "Rejected" && reason.isTransient
    })
    assert.deepStrictEqual(isTransient, [true, false])
  })

  it("as expired, while there is time left here, shows both clocks", () => {
    const { reason } = errorOfRejection(operation("Get"), rejected("expired", { at: 19_000 }), clock)
    assert.deepStrictEqual(
      reason._tag === "ClockSkew" ? [reason.requesterMillis, reason.responderMillis] : reason._tag,
      [10_000, 19_000]
    )
    assert.include(reason.message, "9000 ms ahead")
    // A responder that gives less time than was asked for is not in another time.
    assert.strictEqual(
      errorOfRejection(operation("Get"), rejected("expired", { at: 10_500 }), clock).reason._tag,
      "Rejected"
    )
  })
})

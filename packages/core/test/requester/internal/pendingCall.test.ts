import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { Attempt } from "../../../src/requester/internal/pendingCall.ts"
import type { Delivery } from "../../../src/publisher/Publication.ts"
import { boolean, elementOf } from "../../wire/arbitraries.ts"
import { pendingCall } from "../fixtures.ts"

const observer = { onAttemptRefused: () => {} }
const record = { topic: "stock.requests", partition: 0, key: null, value: null, headers: [] }

describe("what is known of a call's delivery", () => {
  const attempts = Arbitrary.array(
    Arbitrary.all([elementOf<Delivery>(["queued", "handed-over", "acknowledged"]), boolean]),
    { maxLength: 4 }
  )
  it.prop("is the furthest of its attempts", [attempts], ([attempts]) => {
    const call = pendingCall(1)
    for (const [index, [delivery, isUnclear]] of attempts.entries()) {
      const attempt = new Attempt(call, index + 1, record, observer)
      attempt.delivery = delivery
      attempt.isUnclear = isUnclear
      call.attempts.push(attempt)
    }
    const isAcknowledged = attempts.some(([delivery]) => delivery === "acknowledged")
    const isMaybe = attempts.some(([delivery, isUnclear]) => delivery === "handed-over" || isUnclear)
    assert.strictEqual(call.delivery, isAcknowledged ? "acknowledged" : isMaybe ? "unknown" : "not-sent")
    assert.strictEqual(call.newestAttempt, attempts.length)
    call.abandon()
    assert.isTrue(call.attempts.every(({ abandoned }) => abandoned))
  })
})

import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import type { Delivery } from "../../../src/publisher/Publication.ts"
import { boolean, elementOf } from "../../wire/arbitraries.ts"
import { pendingCall } from "../fixtures.ts"

const record = { topic: "stock.requests", partition: 0, key: null, value: null, headers: [] }

describe("what is known of a call's delivery", () => {
  const attempts = Arbitrary.array(
    Arbitrary.all([elementOf<Delivery>(["queued", "handed-over", "acknowledged"]), boolean]),
    { minLength: 1, maxLength: 4 }
  )
  it.prop("is the furthest of its attempts, the first of which is the call itself", [attempts], ([attempts]) => {
    const call = pendingCall(1)
    const made = attempts.map(([delivery, isUnclear], index) =>
      Object.assign(index === 0 ? call : call.again(record, index + 1), { delivery, isUnclear })
    )
    const isAcknowledged = attempts.some(([delivery]) => delivery === "acknowledged")
    const isMaybe = attempts.some(([delivery, isUnclear]) => delivery === "handed-over" || isUnclear)
    assert.strictEqual(call.furthest, isAcknowledged ? "acknowledged" : isMaybe ? "unknown" : "not-sent")
    assert.deepStrictEqual([call.made, call.newest], [attempts.length, made.at(-1)])
    assert.deepStrictEqual(
      made.map(({ ordinal }) => ordinal),
      made.map((_, index) => index + 1)
    )
    call.abandon()
    assert.isTrue(made.every(({ abandoned }) => abandoned))
  })
})

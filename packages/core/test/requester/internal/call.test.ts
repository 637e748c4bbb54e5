import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { because, TransportClosed } from "../../../src/kafka/TransportError.ts"
import * as Verdict from "../../../src/kafka/Verdict.ts"
import * as WriteState from "../../../src/publisher/WriteState.ts"
import { elementOf } from "../../wire/arbitraries.ts"
import { pendingCall } from "../fixtures.ts"

const record = { topic: "stock.requests", partition: 0, key: null, value: null, headers: [] }
const closed = because(new TransportClosed())
const inFlight = WriteState.sent(WriteState.queued)
const states = {
  "not-sent": [WriteState.queued, WriteState.judged(inFlight, Verdict.notWritten(closed))],
  unknown: [inFlight, WriteState.judged(inFlight, Verdict.unknown(closed))],
  acknowledged: [WriteState.judged(inFlight, Verdict.written)]
} as const
const furthest = ["acknowledged", "unknown", "not-sent"] as const

describe("what is known of a call's delivery", () => {
  const state = elementOf(furthest.flatMap((delivery) => states[delivery].map((state) => ({ delivery, state }))))
  const attempts = Arbitrary.array(state, { minLength: 1, maxLength: 4 })
  it.prop("is the furthest of its attempts, the first of which is the call itself", [attempts], ([attempts]) => {
    const call = pendingCall(1)
    const made = attempts.map(({ state }, index) =>
      Object.assign(index === 0 ? call : call.again(record, index + 1), { state })
    )
    const known = attempts.map(({ delivery }) => delivery)
    assert.strictEqual(
      call.furthest,
      furthest.find((delivery) => known.includes(delivery))
    )
    assert.deepStrictEqual([call.made, call.newest], [attempts.length, made.at(-1)])
    assert.deepStrictEqual(
      made.map(({ ordinal }) => ordinal),
      made.map((_, index) => index + 1)
    )
    call.abandon()
    assert.isTrue(made.every(({ abandoned }) => abandoned))
  })
})

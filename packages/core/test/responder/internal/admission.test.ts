import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Context from "effect/Context"
import { admissionOf, type Rules } from "../../../src/responder/internal/admission.ts"
import type { Procedure } from "../../../src/responder/internal/procedure.ts"
import { defaults } from "../../../src/responder/Options.ts"
import type { RecordHeaders } from "../../../src/wire/RecordHeaders.ts"
import * as RequestEnvelope from "../../../src/wire/RequestEnvelope.ts"
import { operation } from "../../contract/stock.ts"
import { anyHeaders, bytes, damage, int, maybe, oneOf, request } from "../../wire/arbitraries.ts"
import { correlationId, recordAt, requestHeaders } from "../fixtures.ts"

const procedure: Procedure = {
  operation: operation("Get"),
  handler: () => {
    throw new Error("intake runs nothing")
  },
  middlewares: [],
  context: Context.empty()
}

const rules: Rules = {
  options: { ...defaults, maxRequestBytes: 100 },
  clockSkewMillis: 5_000,
  procedures: new Map([["Get", procedure]])
}

const mistaken = (): boolean => {
  throw new Error("a mistake in the rule")
}

const intake = (headers: RecordHeaders, now = 10_000, value: Uint8Array | null = null) =>
  admissionOf(recordAt(0, { headers, value }), rules, now)

/** Why a record is refused and what its sender is told; undefined when nobody is told. */
const refusal = (headers: RecordHeaders, now?: number, value?: Uint8Array) => {
  const taken = intake(headers, now, value)
  return taken._tag === "Refuse" ? [taken.kind, taken.reply?.answer.status] : taken._tag
}

const rr = (line: string, withAddress = true): RecordHeaders => [
  ["kafka_correlationId", correlationId(1)],
  ...(withAddress ? ([["kafka_replyTopic", Buffer.from("stock.replies")]] as const) : []),
  ["rr", Buffer.from(line)]
]

describe("intake", () => {
  it("takes a request", () => {
    const taken = intake(requestHeaders())
    if (taken._tag !== "Request") return assert.fail(taken._tag)
    assert.deepStrictEqual(
      [taken.envelope.operation, taken.replyTo, taken.procedure],
      ["Get", { topic: "stock.replies", partition: 3 }, procedure]
    )
  })

  it("lets nothing through when the rule for reply topics throws", () => {
    const strict = { ...rules, options: { ...rules.options, isReplyTopic: mistaken } }
    const taken = admissionOf(recordAt(0, { headers: requestHeaders(), value: null }), strict, 10_000)
    assert.deepInclude(taken, { _tag: "Refuse", kind: "forbidden-reply-topic", reply: undefined })
  })

  it("takes a cancel", () => {
    assert.deepStrictEqual(intake(RequestEnvelope.encodeCancel(correlationId(7), "Get")), {
      _tag: "Cancel",
      correlationId: correlationId(7)
    })
  })

  it("refuses what its caller does not wait for any more, once clocks cannot explain it", () => {
    assert.strictEqual(refusal(requestHeaders({ deadline: 10_000 }), 15_000), "Request")
    assert.deepStrictEqual(refusal(requestHeaders({ deadline: 10_000 }), 15_001), ["expired", "expired"])
  })

  it("tells the sender what it cannot execute, and nobody when there is no address or no right to use it", () => {
    assert.deepStrictEqual(refusal(requestHeaders({ operation: "Put" })), ["unknown-operation", "unimplemented"])
    assert.deepStrictEqual(refusal(requestHeaders({ contentType: "text/xml" })), ["malformed", "unsupported"])
    assert.strictEqual(refusal(requestHeaders({ contentType: "application/json" })), "Request")
    assert.deepStrictEqual(refusal(requestHeaders(), 0, new Uint8Array(101)), ["malformed", "invalid"])
    assert.strictEqual(refusal(requestHeaders(), 0, new Uint8Array(100)), "Request")
    assert.deepStrictEqual(refusal(requestHeaders({ replyTo: undefined })), ["no-reply-address", undefined])
    const elsewhere = { topic: "payments", partition: 0 }
    assert.deepStrictEqual(refusal(requestHeaders({ replyTo: elsewhere })), ["forbidden-reply-topic", undefined])
  })

  it("answers what it cannot read as far as it knows whom to tell", () => {
    assert.deepStrictEqual(refusal(rr("v=2")), ["malformed", "unsupported"])
    assert.deepStrictEqual(refusal(rr("v=1, kind=ping")), ["malformed", "unsupported"])
    assert.deepStrictEqual(refusal(rr("v=1")), ["malformed", "invalid"])
    assert.deepStrictEqual(refusal(rr("v=1", false)), ["malformed", undefined])
    assert.deepStrictEqual(refusal([["kafka_replyTopic", Buffer.from("stock.replies")]]), ["malformed", undefined])
    // Spring and NestJS: answered that this responder speaks something else.
    const foreign = rr("").slice(0, 2)
    assert.deepStrictEqual(refusal(foreign), ["foreign", "unsupported"])
    const forbidden: RecordHeaders = [foreign[0]!, ["kafka_replyTopic", Buffer.from("payments")]]
    assert.deepStrictEqual(refusal(forbidden), ["foreign", undefined])
  })

  const headers = oneOf<RecordHeaders>(
    anyHeaders,
    Arbitrary.map(Arbitrary.all([request, Arbitrary.array(damage, { maxLength: 3 })]), ([envelope, damages]) =>
      damages.reduce<RecordHeaders>((headers, damage) => damage(headers), RequestEnvelope.encode(envelope))
    )
  )
  it.prop(
    "knows what to do with any record, and writes to reply topics only",
    [headers, maybe(bytes(0, 120)), int(0, 2 ** 41)],
    ([headers, value, now]) => {
      const taken = intake(headers, now, value ?? null)
      if (taken._tag === "Request") {
        assert.isTrue(taken.replyTo.topic.endsWith(".replies"))
        assert.isAtMost(now, taken.envelope.deadline + 5_000)
      }
      if (taken._tag !== "Refuse") return
      assert.isAbove(taken.reason.length, 0)
      if (taken.reply === undefined) return
      assert.isTrue(taken.reply.addressee.replyTo.topic.endsWith(".replies"))
      assert.isAbove(taken.reply.addressee.correlationId.byteLength, 0)
      assert.strictEqual(taken.reply.answer.outcome, "rejected")
      const body = JSON.parse(Buffer.from(taken.reply.answer.body).toString("utf8")) as { readonly message: string }
      assert.isString(body.message)
    },
    { arbitrary: { runs: 1000 } }
  )
})

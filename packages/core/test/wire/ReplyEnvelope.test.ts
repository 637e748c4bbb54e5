import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import * as HeaderNames from "../../src/wire/HeaderNames.ts"
import type { RecordHeader, RecordHeaders } from "../../src/wire/RecordHeaders.ts"
import * as ReplyEnvelope from "../../src/wire/ReplyEnvelope.ts"
import * as Arbitraries from "./arbitraries.ts"

const id: RecordHeader = [HeaderNames.correlationId, Uint8Array.of(1, 2, 3)]
const rr = (line: string): RecordHeader => [HeaderNames.rr, Buffer.from(line, "latin1")]
const accepted = (...headers: RecordHeaders) => Result.getOrThrow(ReplyEnvelope.decode(headers))
const refused = (...headers: RecordHeaders) => Result.getOrThrow(Result.flip(ReplyEnvelope.decode(headers)))

const judged = (headers: RecordHeaders): void => {
  const decoded = ReplyEnvelope.decode(headers)
  if (Result.isFailure(decoded)) return
  const envelope = decoded.success
  assert.strictEqual(envelope.status !== undefined, envelope.outcome === "rejected")
  assert.deepStrictEqual(
    { ...accepted(...ReplyEnvelope.encode(envelope)), isForeign: false },
    { ...envelope, isForeign: false }
  )
}

describe("ReplyEnvelope", () => {
  it.prop("is read as it was written", [Arbitraries.reply], ([envelope]) => {
    assert.deepStrictEqual(accepted(...ReplyEnvelope.encode(envelope)), envelope)
  })

  it.prop(
    "has one correlation id and no reply address, whatever headers are added",
    [Arbitraries.reply, Arbitraries.anyHeaders],
    ([envelope, replyHeaders]) => {
      const headers = ReplyEnvelope.encode({ ...envelope, replyHeaders })
      const names = headers.map(([name]) => name)
      assert.strictEqual(names.filter((name) => name === HeaderNames.correlationId).length, 1)
      assert.strictEqual(names.filter((name) => name === HeaderNames.rr).length, 1)
      assert.notInclude(names, HeaderNames.replyTopic)
      assert.notInclude(names, HeaderNames.replyPartition)
      const others = replyHeaders.filter(([name]) => !HeaderNames.isProtocol(name))
      assert.deepStrictEqual(accepted(...headers), { ...envelope, replyHeaders: others })
    }
  )

  it.prop("is decoded or refused, whatever the headers are", [Arbitraries.anyHeaders], ([headers]) => judged(headers), {
    arbitrary: { runs: 1000 }
  })

  it.prop(
    "is decoded or refused after damage",
    [Arbitraries.reply, Arbitrary.array(Arbitraries.damage, { minLength: 1, maxLength: 3 })],
    ([envelope, damages]) =>
      judged(damages.reduce<RecordHeaders>((headers, damage) => damage(headers), ReplyEnvelope.encode(envelope))),
    { arbitrary: { runs: 1000 } }
  )

  const faults: ReadonlyArray<readonly [name: string, headers: RecordHeaders, reason: RegExp, isReply?: boolean]> = [
    ["no correlation id", [rr("v=1, outcome=success")], /kafka_correlationId/],
    ["another version", [id, rr("v=2, outcome=success")], /version/],
    ["no version", [id, rr("outcome=success")], /version/],
    ["no outcome", [id, rr("v=1")], /outcome/],
    ["an unknown outcome", [id, rr("v=1, outcome=maybe")], /outcome/, true],
    ["a rejection without a status", [id, rr("v=1, outcome=rejected")], /status/, true],
    ["a rejection with an empty status", [id, rr(`v=1, outcome=rejected, status=""`)], /status/, true],
    ["a content type that is no text", [id, rr("v=1, outcome=success, content-type=1")], /content-type/, true],
    ["a request", [id, rr(`v=1, op="Get", deadline=1, timeout=1`)], /outcome/],
    ["a foreign request", [id, [HeaderNames.replyTopic, Buffer.from("a")]], /a request/],
    ["an error of NestJS", [id, [HeaderNames.nestError, Buffer.from("{}")]], /kafka_nest-err/, true],
    ["an error of SmallRye", [id, [HeaderNames.smallRyeError, Buffer.from("no")]], /REPLY_ERROR/, true]
  ]
  for (const [name, headers, reason, isReply = false] of faults) {
    it(`refuses ${name}, which ${isReply ? "is a reply" : "may be none"}`, () => {
      const malformed = refused(...headers)
      assert.match(malformed.reason, reason)
      assert.strictEqual(malformed.isReply, isReply)
    })
  }

  it("takes words as tokens or strings", () => {
    for (const line of ["outcome=rejected, status=internal", `outcome="rejected", status="internal"`]) {
      assert.strictEqual(accepted(id, rr(`v=1, ${line}`)).status, "internal")
    }
  })

  it("delivers the outcome when details are not legible", () => {
    const details = `attempt=0, at=-1, retry-after="1", seq=1.5, from=7, ctl=-1, status="x"`
    const envelope = accepted(id, rr(`v=1, outcome=success, ${details}`))
    const { at, attempt, ctl, from, outcome, retryAfter, seq, status } = envelope
    assert.strictEqual(outcome, "success")
    for (const detail of [at, attempt, ctl, from, retryAfter, seq, status]) assert.isUndefined(detail)
  })

  it("takes a reply without rr for a success of a stock Spring responder", () => {
    const envelope = accepted(["__TypeId__", Buffer.from("com.example.Stock")], id)
    assert.deepStrictEqual([envelope.outcome, envelope.isForeign], ["success", true])
    assert.deepStrictEqual(
      envelope.replyHeaders.map(([name]) => name),
      ["__TypeId__"]
    )
  })
})

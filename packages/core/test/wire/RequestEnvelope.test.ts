import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import * as Bounds from "../../src/wire/Bounds.ts"
import * as HeaderNames from "../../src/wire/HeaderNames.ts"
import type { MalformedRequest } from "../../src/wire/MalformedRequest.ts"
import type { RecordHeader, RecordHeaders } from "../../src/wire/RecordHeaders.ts"
import * as RequestEnvelope from "../../src/wire/RequestEnvelope.ts"
import * as Arbitraries from "./arbitraries.ts"

const id: RecordHeader = [HeaderNames.correlationId, Uint8Array.of(1, 2, 3)]
const address: RecordHeader = [HeaderNames.replyTopic, Buffer.from("a.replies")]
const rr = (line: string): RecordHeader => [HeaderNames.rr, Buffer.from(line, "latin1")]
const trace = (length: number): RecordHeader => [HeaderNames.traceparent, Buffer.alloc(length, "0")]
const valid = `v=1, op="Get", deadline=1795422045589, timeout=5000`

const refused = (...headers: RecordHeaders): MalformedRequest =>
  Result.getOrThrow(Result.flip(RequestEnvelope.decode(headers)))

const accepted = (...headers: RecordHeaders): RequestEnvelope.RequestEnvelope => {
  const envelope = Result.getOrThrow(RequestEnvelope.decode(headers))
  assert.strictEqual(envelope.kind, "request")
  return envelope as RequestEnvelope.RequestEnvelope
}

const isSound = (envelope: RequestEnvelope.RequestEnvelope): void => {
  const { attempt, callHeaders, correlationId, deadline, key, operation, timeout } = envelope
  for (const number of [attempt, deadline, timeout]) assert.isTrue(Number.isSafeInteger(number) && number >= 0)
  assert.isAtLeast(attempt, 1)
  assert.isAtMost(Buffer.byteLength(operation), Bounds.maxOperationBytes)
  assert.isAtMost(Buffer.byteLength(key ?? ""), Bounds.maxKeyBytes)
  assert.isTrue(correlationId.length >= 1 && correlationId.length <= Bounds.maxCorrelationIdBytes)
  for (const [name] of callHeaders) assert.isFalse(HeaderNames.isProtocol(name))
}

const judged = (headers: RecordHeaders): void => {
  const decoded = RequestEnvelope.decode(headers)
  if (Result.isFailure(decoded)) {
    assert.include(["invalid", "unsupported"], decoded.failure.status)
    return
  }
  if (decoded.success.kind === "cancel") return
  isSound(decoded.success)
  assert.deepStrictEqual(accepted(...RequestEnvelope.encode(decoded.success)), decoded.success)
}

describe("RequestEnvelope", () => {
  it.prop("is read as it was written", [Arbitraries.request], ([envelope]) => {
    assert.deepStrictEqual(accepted(...RequestEnvelope.encode(envelope)), envelope)
  })

  it.prop("cannot be changed by call headers", [Arbitraries.request, Arbitraries.anyHeaders], ([envelope, extra]) => {
    const fields = { ...envelope, replyTo: { topic: "mine", partition: 3 }, traceparent: "00-a-b-01" }
    const { callHeaders, ...rest } = accepted(...RequestEnvelope.encode({ ...fields, callHeaders: extra }))
    const { callHeaders: _, ...expected } = fields
    assert.deepStrictEqual(rest, expected)
    assert.deepStrictEqual(
      callHeaders,
      extra.filter(([name]) => !HeaderNames.isProtocol(name))
    )
  })

  it.prop("is decoded or refused, whatever the headers are", [Arbitraries.anyHeaders], ([headers]) => judged(headers), {
    arbitrary: { runs: 1000 }
  })

  it.prop(
    "is decoded or refused after damage",
    [Arbitraries.request, Arbitrary.array(Arbitraries.damage, { minLength: 1, maxLength: 3 })],
    ([envelope, damages]) =>
      judged(damages.reduce<RecordHeaders>((headers, damage) => damage(headers), RequestEnvelope.encode(envelope))),
    { arbitrary: { runs: 1000 } }
  )

  it.prop(
    "cancels a call by its id",
    [Arbitraries.bytes(16, 16), Arbitraries.text(1, 40)],
    ([correlationId, operation]) => {
      const decoded = RequestEnvelope.decode(RequestEnvelope.encodeCancel(correlationId, operation))
      assert.deepStrictEqual(Result.getOrThrow(decoded), { kind: "cancel", operation, correlationId })
    }
  )

  it("needs no attempt and no reply address", () => {
    const envelope = accepted(id, rr(valid))
    assert.strictEqual(envelope.attempt, 1)
    assert.isUndefined(envelope.replyTo)
  })

  it("ignores keys of later versions, whatever their type", () => {
    const later = accepted(id, rr(`${valid}, window=5, x=(1 2);a, y=@1, z=%"%c3%bc", w`))
    assert.deepStrictEqual(later, accepted(id, rr(valid)))
  })

  it("sends the digest of a long key", () => {
    const fields = { operation: "Get", deadline: 1, timeout: 1, attempt: 1, correlationId: id[1] }
    const { key } = accepted(...RequestEnvelope.encode({ ...fields, key: "k".repeat(1000) }))
    assert.match(key ?? "", /^sha-256=:[A-Za-z0-9+/]{43}=:$/)
  })

  const faults: ReadonlyArray<readonly [name: string, line: string, reason: RegExp]> = [
    ["another syntax", `{"v":1}`, /^rr: a key expected/],
    ["no version", `op="Get", deadline=1, timeout=1`, /no version/],
    ["a version that is no integer", `v="1", op="Get", deadline=1, timeout=1`, /no version/],
    ["no operation", "v=1, deadline=1, timeout=1", /^op/],
    ["an empty operation", `v=1, op="", deadline=1, timeout=1`, /^op/],
    ["a long operation", `v=1, op="${"x".repeat(256)}", deadline=1, timeout=1`, /^op/],
    ["an operation of invalid UTF-8", "v=1, op=:/w==:, deadline=1, timeout=1", /^op/],
    ["no deadline", `v=1, op="Get", timeout=1`, /^deadline/],
    ["a negative deadline", `v=1, op="Get", deadline=-1, timeout=1`, /^deadline/],
    ["a decimal deadline", `v=1, op="Get", deadline=1.0, timeout=1`, /^deadline/],
    ["no timeout", `v=1, op="Get", deadline=1`, /^timeout/],
    ["a timeout beyond an int32", `v=1, op="Get", deadline=1, timeout=2147483648`, /^timeout/],
    ["attempt 0", `${valid}, attempt=0`, /^attempt/],
    ["an attempt that is text", `${valid}, attempt="1"`, /^attempt/],
    ["a key that is a number", `${valid}, key=7`, /^key/],
    ["a long key", `${valid}, key="${"k".repeat(257)}"`, /^key/],
    ["a key of long UTF-8", `${valid}, key=:${Buffer.from("ü".repeat(129)).toString("base64")}:`, /^key/],
    ["discard that is no boolean", `${valid}, discard=1`, /^discard/],
    ["an empty content type", `${valid}, content-type=""`, /^content-type/],
    ["a kind that is no word", `${valid}, kind=1`, /^kind/]
  ]
  it.each(faults)("refuses %s, and can answer", (_, line, reason) => {
    const { correlationId, isForeign, reason: given, replyTo, status } = refused(id, address, rr(line))
    assert.match(given, reason)
    assert.deepStrictEqual([status, isForeign], ["invalid", false])
    assert.deepStrictEqual([correlationId, replyTo], [id[1], { topic: "a.replies", partition: undefined }])
  })

  it("answers versions and kinds it does not speak as unsupported, reading nothing else", () => {
    for (const line of ["v=2", `v=2, op=1`, `${valid}, kind=credit`, `${valid}, kind="ping"`]) {
      assert.strictEqual(refused(id, address, rr(line)).status, "unsupported", line)
    }
  })

  it("has nobody to answer without a correlation id or with an illegible address", () => {
    assert.isUndefined(refused(address, rr(valid)).correlationId)
    assert.isUndefined(refused([HeaderNames.correlationId, new Uint8Array(0)], address, rr(valid)).correlationId)
    assert.isUndefined(refused([HeaderNames.correlationId, new Uint8Array(257)], address, rr(valid)).correlationId)
    assert.isUndefined(refused(id, [HeaderNames.replyTopic, Buffer.from("a/b")], rr(valid)).replyTo)
    assert.isUndefined(refused(id, address, [HeaderNames.replyPartition, Uint8Array.of(1)], rr(valid)).replyTo)
  })

  it("tells requests of Spring and NestJS from records that are none", () => {
    const partition: RecordHeader = [HeaderNames.replyPartition, Uint8Array.of(0, 0, 0, 1)]
    const spring = refused(address, partition, id)
    assert.deepStrictEqual([spring.isForeign, spring.status], [true, "unsupported"])
    assert.deepStrictEqual(spring.replyTo, { topic: "a.replies", partition: 1 })
    assert.isFalse(refused(id).isForeign)
    assert.isFalse(refused(address).isForeign)
    assert.isFalse(refused().isForeign)
  })

  it("bounds the headers as a whole", () => {
    const many = Array.from({ length: Bounds.maxCallHeaderCount }, (): RecordHeader => ["x", new Uint8Array(0)])
    accepted(...many, id, address, rr(valid))
    const most = Array.from({ length: Bounds.maxHeaderCount - 3 }, (): RecordHeader => ["x", new Uint8Array(0)])
    accepted(...most, id, address, rr(valid))
    assert.match(refused(...most, ["x", new Uint8Array(0)], id, address, rr(valid)).reason, /more than 256 headers/)
    accepted(["x", new Uint8Array(Bounds.maxCallHeaderBytes - 1)], id, address, rr(valid))
    const heavy = refused(["x", new Uint8Array(Bounds.maxHeaderBytes)], id, address, rr(valid))
    assert.match(heavy.reason, /more than 65536 bytes/)
    assert.deepStrictEqual(heavy.correlationId, id[1])
  })

  it("counts the bytes of header names, not their characters", () => {
    const [name, value] = ["ä".repeat(20_000), new Uint8Array(20_000)]
    const own = [id, address, rr(valid)].reduce((sum, header) => sum + header[0].length + header[1].length, 0)
    const room = Bounds.maxHeaderBytes - own - 60_000
    accepted([name, value], ["x", new Uint8Array(room - 1)], id, address, rr(valid))
    assert.match(
      refused([name, value], ["x", new Uint8Array(room)], id, address, rr(valid)).reason,
      /more than 65536 bytes/
    )
  })

  it("leaves out a trace header that cannot be one", () => {
    assert.strictEqual(accepted(id, rr(valid), trace(55)).traceparent?.length, 55)
    assert.isUndefined(accepted(id, rr(valid), trace(0)).traceparent)
    assert.isUndefined(accepted(id, rr(valid), trace(129)).traceparent)
  })
})

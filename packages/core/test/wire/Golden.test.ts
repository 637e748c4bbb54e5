/**
 * The bytes of version 1, pinned by the files in `golden/` (its README says how to write them anew).
 */
import { assert, describe, expect, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { readFileSync } from "node:fs"
import type { RecordHeader, RecordHeaders } from "../../src/wire/RecordHeaders.ts"
import * as ReplyEnvelope from "../../src/wire/ReplyEnvelope.ts"
import * as RequestEnvelope from "../../src/wire/RequestEnvelope.ts"
import * as Cases from "./goldenCases.ts"

const fileOf = (name: string): string => `${import.meta.dirname}/golden/${name}.txt`

const isText = /^[\x20-\x7e\u00a0-\u{10ffff}]+$/u

const line = ([name, value]: RecordHeader): string => {
  const text = Buffer.from(value).toString("utf8")
  return `${name} = ${Buffer.from(value).toString("hex")}${isText.test(text) && !text.includes("\ufffd") ? ` | ${text}` : ""}`
}

const format = (headers: RecordHeaders): string => `${headers.map(line).join("\n")}\n`

const read = (name: string): RecordHeaders =>
  readFileSync(fileOf(name), "utf8")
    .trimEnd()
    .split("\n")
    .map((text): RecordHeader => {
      const [, header = "", hex = ""] = /^(.*?) = ([0-9a-f]*)/.exec(text) ?? []
      return [header, Buffer.from(hex, "hex")]
    })

const plain = (headers: RecordHeaders) => headers.map(([name, value]) => [name, Buffer.from(value).toString("hex")])

const all = { ...Cases.requests, ...Cases.replies, ...Cases.foreignRequests, ...Cases.foreignReplies }

describe("the bytes of version 1", () => {
  it.each(Object.entries(all))("%s", async (name, headers) => {
    await expect(format(headers)).toMatchFileSnapshot(fileOf(name))
    assert.deepStrictEqual(plain(read(name)), plain(headers))
  })

  it.each(Object.keys(Cases.requests))("%s is read from its bytes", (name) => {
    const envelope = Result.getOrThrow(RequestEnvelope.decode(read(name)))
    const again =
      envelope.kind === "request"
        ? RequestEnvelope.encode(envelope)
        : RequestEnvelope.encodeCancel(envelope.correlationId, envelope.operation)
    assert.deepStrictEqual(plain(again), plain(read(name)))
  })

  it.each(Object.keys(Cases.replies))("%s is read from its bytes", (name) => {
    const envelope = Result.getOrThrow(ReplyEnvelope.decode(read(name)))
    assert.isFalse(envelope.isForeign)
    assert.deepStrictEqual(plain(ReplyEnvelope.encode(envelope)), plain(read(name)))
  })

  it("a request says what was meant", () => {
    const { correlationId: _, ...envelope } = Result.getOrThrow(RequestEnvelope.decode(read("request-with-everything")))
    assert.deepInclude(envelope, {
      kind: "request",
      operation: "Reserve",
      deadline: 1_795_422_045_589,
      timeout: 5000,
      attempt: 2,
      key: "order-17",
      isDiscard: true,
      contentType: "application/cbor",
      replyTo: { topic: "inventory.replies", partition: 3 }
    })
  })

  it.each([
    ["foreign-spring-request", { topic: "inventory.replies", partition: 1 }],
    ["foreign-nest-request", { topic: "inventory.reply", partition: 12 }]
  ])("%s is known as foreign, and can be answered", (name, replyTo) => {
    const malformed = Result.getOrThrow(Result.flip(RequestEnvelope.decode(read(name))))
    assert.isTrue(malformed.isForeign)
    assert.isDefined(malformed.correlationId)
    assert.deepStrictEqual(malformed.replyTo, replyTo)
  })

  it("foreign-spring-reply is a success", () => {
    const envelope = Result.getOrThrow(ReplyEnvelope.decode(read("foreign-spring-reply")))
    assert.deepStrictEqual([envelope.outcome, envelope.isForeign], ["success", true])
  })
})

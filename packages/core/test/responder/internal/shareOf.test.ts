import { assert, describe, it } from "@effect/vitest"
import { shareOf } from "../../../src/responder/internal/shareOf.ts"
import { toLatin1 } from "../../../src/wire/Bytes.ts"
import type { RequestEnvelope } from "../../../src/wire/RequestEnvelope.ts"

const envelope = (name: string, value: string) =>
  ({ callHeaders: [[name, Buffer.from(value)]] }) as unknown as RequestEnvelope

const key = (text: string) => toLatin1(Buffer.from(text))

describe("the share of a request", () => {
  it("is the value of a header", () => {
    const by = { header: "x-tenant" }
    assert.strictEqual(shareOf(by, envelope("x-tenant", "acme"), key("k")), "acme")
    assert.isUndefined(shareOf(by, envelope("x-other", "acme"), key("k")))
    assert.strictEqual(shareOf(by, envelope("x-tenant", "a".repeat(10_000)), undefined)?.length, 256)
  })

  it("is the key up to a text, or all of it", () => {
    const by = { keyUntil: "·" }
    assert.strictEqual(shareOf(by, envelope("x", ""), key("acme·1")), shareOf(by, envelope("x", ""), key("acme·2")))
    assert.notStrictEqual(shareOf(by, envelope("x", ""), key("acme·1")), shareOf(by, envelope("x", ""), key("bcme·1")))
    assert.strictEqual(shareOf({ keyUntil: "/" }, envelope("x", ""), key("acme")), "acme")
    assert.isUndefined(shareOf(by, envelope("x", ""), undefined))
  })

  it("is none where shares are not told apart", () => {
    assert.isUndefined(shareOf(undefined, envelope("x-tenant", "acme"), key("k")))
  })
})

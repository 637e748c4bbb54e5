import { assert, describe, it } from "@effect/vitest"
import { createHash } from "node:crypto"
import * as Bounds from "../../src/wire/Bounds.ts"
import * as IdempotencyKey from "../../src/wire/IdempotencyKey.ts"
import * as Arbitraries from "./arbitraries.ts"

describe("IdempotencyKey", () => {
  it.prop("travels as itself up to 256 bytes of UTF-8, and never takes more", [Arbitraries.text(0, 300)], ([key]) => {
    const travels = IdempotencyKey.onWire(key)
    assert.strictEqual(travels === key, Buffer.byteLength(key) <= Bounds.maxKeyBytes)
    assert.isAtMost(Buffer.byteLength(travels), Bounds.maxKeyBytes)
    assert.strictEqual(IdempotencyKey.onWire(travels), travels)
  })

  it("counts bytes, not characters", () => {
    assert.strictEqual(IdempotencyKey.onWire("ü".repeat(128)), "ü".repeat(128))
    const long = "ü".repeat(129)
    const digest = createHash("sha256").update(long).digest("base64")
    assert.strictEqual(IdempotencyKey.onWire(long), `sha-256=:${digest}:`)
  })

  it("keeps long keys apart that differ only at their end", () => {
    const prefix = "k".repeat(300)
    assert.notStrictEqual(IdempotencyKey.onWire(`${prefix}1`), IdempotencyKey.onWire(`${prefix}2`))
  })
})

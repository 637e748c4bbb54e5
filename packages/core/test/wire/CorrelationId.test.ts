import { assert, describe, it } from "@effect/vitest"
import * as CorrelationId from "../../src/wire/CorrelationId.ts"
import * as Arbitraries from "./arbitraries.ts"

const counter = Arbitraries.oneOf(
  Arbitraries.int(0, 70_000),
  Arbitraries.int(0, Number.MAX_SAFE_INTEGER),
  Arbitraries.elementOf([0, 0xffff_ffff, 0x1_0000_0000, 0x8000_0000, Number.MAX_SAFE_INTEGER])
)
const token = Arbitraries.bytes(8, 8)

describe("CorrelationId", () => {
  it.prop("gives the counter back to the token's owner", [token, counter], ([token, counter]) => {
    const id = CorrelationId.make(token, counter)
    assert.strictEqual(id.length, 16)
    assert.strictEqual(CorrelationId.counterOf(id, token), counter)
  })

  it.prop("is the token, then the counter as a big-endian int64", [token, counter], ([token, counter]) => {
    const expected = Buffer.alloc(16)
    expected.set(token)
    expected.writeBigUInt64BE(BigInt(counter), 8)
    assert.strictEqual(CorrelationId.toHex(CorrelationId.make(token, counter)), expected.toString("hex"))
  })

  it.prop("is foreign to every other token", [token, Arbitraries.int(0, 63), counter], ([token, bit, counter]) => {
    const other = Uint8Array.from(token)
    other[bit >> 3]! ^= 1 << (bit & 7)
    assert.isUndefined(CorrelationId.counterOf(CorrelationId.make(other, counter), token))
  })

  it.prop("is foreign at any other length", [token, Arbitraries.int(0, 300)], ([token, length]) => {
    const id = new Uint8Array(length === 16 ? 17 : length)
    id.set(token.subarray(0, Math.min(8, id.length)))
    assert.isUndefined(CorrelationId.counterOf(id, token))
  })

  it("is foreign when the counter is none that a requester counts to", () => {
    const token = new Uint8Array(8).fill(7)
    const id = CorrelationId.make(token, Number.MAX_SAFE_INTEGER)
    id[8] = 0x20
    assert.isUndefined(CorrelationId.counterOf(id, token))
    assert.isUndefined(CorrelationId.counterOf(id.fill(0xff, 8), token))
  })

  it("shares no memory with the token", () => {
    const token = new Uint8Array(8)
    const id = CorrelationId.make(token, 1)
    token.fill(9)
    assert.strictEqual(CorrelationId.toHex(id), "00000000000000000000000000000001")
  })

  it("reads ids that are views into a larger buffer", () => {
    const token = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
    const fetched = Buffer.concat([Buffer.alloc(3), CorrelationId.make(token, 42), Buffer.alloc(5)])
    const id = fetched.subarray(3, 19)
    assert.strictEqual(CorrelationId.counterOf(id, token), 42)
    assert.strictEqual(CorrelationId.toHex(id), "0102030405060708000000000000002a")
  })
})

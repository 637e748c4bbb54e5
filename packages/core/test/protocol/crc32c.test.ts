import { assert, describe, it } from "@effect/vitest"
import { crc32c } from "../../src/protocol/crc32c.ts"
import { bytes, int } from "../wire/arbitraries.ts"

const bitwise = (input: Uint8Array): number => {
  let crc = 0xffff_ffff
  for (const byte of input) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1
  }
  return ~crc >>> 0
}

describe("crc32c", () => {
  // RFC 3720, appendix B.4.
  it.each([
    [Buffer.alloc(32), 0x8a91_36aa],
    [Buffer.alloc(32, 0xff), 0x62a8_ab43],
    [Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd_794e],
    [Buffer.from("123456789"), 0xe306_9283]
  ])("of %j", (input, expected) => assert.strictEqual(crc32c(input), expected))

  it.prop("equals the definition, for every part", [bytes(0, 100), int(0, 30)], ([input, start]) => {
    assert.strictEqual(crc32c(input, Math.min(start, input.length)), bitwise(input.subarray(start)))
  })
})

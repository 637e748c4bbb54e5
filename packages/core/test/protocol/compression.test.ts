import { createRequire } from "node:module"
import * as zlib from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { compressSync } from "snappy"
import { codecOf, compress, type Compression, decompress, ExpandsTooMuch } from "../../src/protocol/compression.ts"
import { elementOf, int, oneOf } from "../wire/arbitraries.ts"

interface Codec {
  readonly compress: (bytes: Uint8Array) => Uint8Array
}

// They have no types.
const require = createRequire(import.meta.url)
const lz4js = require("lz4js") as Codec & { readonly decompress: (bytes: Uint8Array) => Uint8Array }
const snappyJs = require("snappyjs") as Codec & { readonly uncompress: (bytes: Uint8Array) => Uint8Array }

const limit = 1 << 20

const xerial = (chunks: ReadonlyArray<Buffer>): Buffer => {
  const header = Buffer.from("82534e41505059000000000100000001", "hex")
  const lengths = chunks.map((chunk) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(chunk.length)
    return Buffer.concat([length, chunk])
  })
  return Buffer.concat([header, ...lengths])
}

/** What is written to batches elsewhere, by other encoders than ours where there are some. */
const foreign: ReadonlyArray<readonly [string, Compression, (bytes: Buffer) => Buffer]> = [
  ["gzip with another level", "gzip", (bytes) => zlib.gzipSync(bytes, { level: 9 })],
  ["zstd", "zstd", (bytes) => zlib.zstdCompressSync(bytes)],
  ["raw snappy by snappyjs", "snappy", (bytes) => Buffer.from(snappyJs.compress(bytes))],
  ["snappy in one chunk", "snappy", (bytes) => xerial([Buffer.from(snappyJs.compress(bytes))])],
  [
    "snappy in chunks of 1 KB",
    "snappy",
    (bytes) =>
      xerial(
        Array.from({ length: Math.ceil(bytes.length / 1_024) }, (_, i) =>
          compressSync(bytes.subarray(i * 1_024, (i + 1) * 1_024))
        )
      )
  ],
  ["lz4 by lz4js", "lz4", (bytes) => Buffer.from(lz4js.compress(bytes))]
]

/** Text that repeats itself, noise, or both. */
const payload = Arbitrary.map(
  Arbitrary.all([
    Arbitrary.array(oneOf(int(0, 255), elementOf([97, 97, 98])), { minLength: 1, maxLength: 300 }),
    elementOf([1, 2, 40, 1_000])
  ]),
  ([bytes, times]) => Buffer.from(Array.from({ length: times }, () => bytes).flat())
)

describe("compression", () => {
  it.prop("P10/codecs: reads what other encoders write, whatever the codec", [payload], ([bytes]) => {
    for (const [name, codec, encode] of foreign) {
      assert.isTrue(decompress(codecOf[codec], encode(bytes), limit).equals(bytes), name)
    }
  })

  it.prop("P10/codecs: writes what it reads, and what other decoders read", [payload], ([bytes]) => {
    for (const codec of ["gzip", "snappy", "lz4", "zstd"] as const) {
      const packed = compress(codec, bytes)
      assert.isTrue(decompress(codecOf[codec], packed, limit).equals(bytes), codec)
    }
    assert.isTrue(Buffer.from(lz4js.decompress(compress("lz4", bytes))).equals(bytes))
    // Behind the magic, the versions and the length.
    assert.isTrue(Buffer.from(snappyJs.uncompress(compress("snappy", bytes).subarray(20))).equals(bytes))
  })

  it("P9/codecs: lets no more out than it is told, and says so before it has made it", () => {
    const large = Buffer.alloc(3 * limit)
    for (const [name, codec, encode] of foreign) {
      assert.throws(() => decompress(codecOf[codec], encode(large), limit), ExpandsTooMuch, undefined, name)
    }
  })

  it.prop(
    "P10/codecs: of damaged bytes nothing comes but an error or some bytes within the bound",
    [payload, Arbitrary.array(Arbitrary.all([int(0, 400), int(0, 255)]), { minLength: 1, maxLength: 4 }), int(0, 60)],
    ([bytes, damages, cut]) => {
      for (const [, codec, encode] of foreign) {
        const packed = encode(bytes)
        for (const [at, byte] of damages) packed[at % packed.length] = byte
        try {
          const found = decompress(codecOf[codec], packed.subarray(0, Math.max(0, packed.length - cut)), limit)
          assert.isAtMost(found.length, limit)
        } catch (error) {
          assert.instanceOf(error, Error)
        }
      }
    }
  )

  it("P10/codecs: names a codec that is not known", () => {
    assert.throws(() => decompress(5, Buffer.alloc(10), limit), /compression 5 is not known/)
  })
})

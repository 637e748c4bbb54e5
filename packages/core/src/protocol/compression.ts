/**
 * The codecs of record batches (the low three bits of a batch's attributes), reading within a bound on what comes out.
 *
 * gzip and zstd are Node's own, snappy and lz4 native packages with prebuilt binaries. Snappy comes in two forms: raw, and
 * in the chunks of snappy-java, which Kafka's own clients write; lz4 as frames.
 */
import * as zlib from "node:zlib"
import { compressFrameSync, decompressFrameSync } from "lz4-napi"
import { firstFrameOf } from "./lz4Frame.ts"
import * as Snappy from "./snappyChunks.ts"

export type Compression = "none" | "gzip" | "snappy" | "lz4" | "zstd"

/** The number of each codec in a batch's attributes. */
export const codecOf: { readonly [K in Compression]: number } = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 }

/** A batch would expand to more than it may. */
export class ExpandsTooMuch extends Error {
  override readonly name = "ExpandsTooMuch"
  constructor(maxBytes: number) {
    super(`it expands to more than ${maxBytes} bytes`)
  }
}

const within = (bytes: number, maxBytes: number): void => {
  if (bytes > maxBytes) throw new ExpandsTooMuch(maxBytes)
}

const byNode = (read: (bytes: Buffer, options: { readonly maxOutputLength: number }) => Buffer) => {
  return (bytes: Buffer, maxBytes: number): Buffer => {
    try {
      return read(bytes, { maxOutputLength: maxBytes })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw new ExpandsTooMuch(maxBytes)
      throw error
    }
  }
}

const readers: ReadonlyMap<number, (bytes: Buffer, maxBytes: number) => Buffer> = new Map([
  [codecOf.gzip, byNode(zlib.gunzipSync)],
  [codecOf.zstd, byNode(zlib.zstdDecompressSync)],
  [
    codecOf.snappy,
    (bytes, maxBytes) => {
      const chunks = Snappy.chunksOf(bytes)
      within(
        chunks.reduce((sum, chunk) => sum + Snappy.plainLength(chunk), 0),
        maxBytes
      )
      return Snappy.expand(chunks)
    }
  ],
  [
    codecOf.lz4,
    (bytes, maxBytes) => {
      const { frame, plainBytes } = firstFrameOf(bytes)
      within(plainBytes, maxBytes)
      return decompressFrameSync(frame)
    }
  ]
])

/** Throws when the codec is not known, the bytes are damaged, or more than `maxBytes` could come out of them. */
export const decompress = (codec: number, bytes: Buffer, maxBytes: number): Buffer => {
  const read = readers.get(codec)
  if (read === undefined) throw new Error(`compression ${codec} is not known`)
  return read(bytes, maxBytes)
}

export const compress = (compression: Compression, bytes: Buffer): Buffer => {
  switch (compression) {
    case "none":
      return bytes
    case "gzip":
      return zlib.gzipSync(bytes)
    case "snappy":
      return Snappy.compress(bytes)
    case "lz4":
      return compressFrameSync(bytes)
    case "zstd":
      return zlib.zstdCompressSync(bytes)
  }
}

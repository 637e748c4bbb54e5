/**
 * Snappy as it is found in record batches: raw, or in the chunks of snappy-java (`SnappyOutputStream`): a magic, two
 * version numbers, then chunks of raw snappy, each after its length. Kafka's Java client, Sarama and kafkajs' codec write
 * chunks; librdkafka, franz-go and others read both.
 */
import { compressSync, uncompressSync } from "snappy"

const magic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
// The magic, the version, the oldest version that can read it.
const headerBytes = magic.length + 8
const version = 1

/** The raw pieces, in order. Throws when one of them is cut. */
export const chunksOf = (bytes: Buffer): ReadonlyArray<Buffer> => {
  if (!bytes.subarray(0, magic.length).equals(magic)) return [bytes]
  const chunks: Array<Buffer> = []
  for (let at = headerBytes; at < bytes.length;) {
    const end = at + 4 + (at + 4 <= bytes.length ? bytes.readUInt32BE(at) : Number.POSITIVE_INFINITY)
    if (end > bytes.length) throw new Error("a chunk of snappy is cut off")
    chunks.push(bytes.subarray(at + 4, end))
    at = end
  }
  return chunks
}

/** What a raw piece says that it expands to: the number in front, seven bits to a byte. */
export const plainLength = (chunk: Buffer): number => {
  let length = 0
  for (let at = 0, scale = 1; at < Math.min(chunk.length, 5); at++, scale *= 0x80) {
    const byte = chunk[at]!
    length += (byte & 0x7f) * scale
    if (byte < 0x80) return length
  }
  throw new Error("a chunk of snappy has no length")
}

export const expand = (chunks: ReadonlyArray<Buffer>): Buffer => {
  const pieces = chunks.map((chunk) => uncompressSync(chunk, { asBuffer: true }) as Buffer)
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
}

/** One chunk: brokers and Java clients then need not guess which form it is. */
export const compress = (bytes: Buffer): Buffer => {
  const chunk = compressSync(bytes)
  const header = Buffer.alloc(headerBytes + 4)
  magic.copy(header)
  header.writeInt32BE(version, magic.length)
  header.writeInt32BE(version, magic.length + 4)
  header.writeInt32BE(chunk.length, headerBytes)
  return Buffer.concat([header, chunk])
}

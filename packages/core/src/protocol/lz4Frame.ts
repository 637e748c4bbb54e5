/**
 * The outline of an lz4 frame: where it ends and what its blocks can expand to at most. The decoder takes no bound, so what
 * could be too much must be known before.
 *
 * https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 */

const magic = 0x184d_2204
const endMark = 0
const isPlain = 0x8000_0000
// A byte of a length stands for at most 255 bytes.
const maxRatio = 255
const [hasBlockChecksum, hasContentSize, hasContentChecksum, hasDictionary] = [0x10, 0x08, 0x04, 0x01]
/** The largest block by its number in the frame's second byte. */
const blockSizes: Readonly<Record<number, number>> = { 4: 1 << 16, 5: 1 << 18, 6: 1 << 20, 7: 1 << 22 }

export interface Frame {
  readonly frame: Buffer
  /** No more than this comes out of it. */
  readonly plainBytes: number
}

/** Throws when there is no whole frame. */
export const firstFrameOf = (bytes: Buffer): Frame => {
  // The magic 4, two bytes of flags, a checksum of them; a block's size 4.
  if (bytes.length < 11 || bytes.readUInt32LE(0) !== magic) throw new Error("no frame of lz4")
  const flags = bytes[4]!
  const largest = blockSizes[(bytes[5]! >>> 4) & 0x7]
  if (largest === undefined) throw new Error("a frame of lz4 with blocks of an unknown size")
  const blockTail = (flags & hasBlockChecksum) === 0 ? 0 : 4
  let plainBytes = 0
  let at = 7 + ((flags & hasContentSize) === 0 ? 0 : 8) + ((flags & hasDictionary) === 0 ? 0 : 4)
  while (at + 4 <= bytes.length) {
    const word = bytes.readUInt32LE(at)
    at += 4
    if (word === endMark) {
      const end = at + ((flags & hasContentChecksum) === 0 ? 0 : 4)
      if (end > bytes.length) break
      return { frame: bytes.subarray(0, end), plainBytes }
    }
    const size = word % isPlain
    plainBytes += word >= isPlain ? size : Math.min(largest, size * maxRatio)
    at += size + blockTail
  }
  throw new Error("a frame of lz4 is cut off")
}

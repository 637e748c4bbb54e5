/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum of record batches, eight bytes at a time ("slicing by 8").
 */

const polynomial = 0x82f63b78
const slices = 8

const tables: ReadonlyArray<Int32Array> = (() => {
  const all = Array.from({ length: slices }, () => new Int32Array(256))
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
    all[0]![byte] = crc
  }
  for (let slice = 1; slice < slices; slice++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = all[slice - 1]![byte]!
      all[slice]![byte] = (before >>> 8) ^ all[0]![before & 0xff]!
    }
  }
  return all
})()

const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array
]

/** The checksum of `bytes` from `start` up to `end`, as an unsigned 32-bit number. */
export const crc32c = (bytes: Uint8Array, start = 0, end = bytes.length): number => {
  let crc = -1
  let at = start
  for (; at + slices <= end; at += slices) {
    const low = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
    crc =
      t7[low & 0xff]! ^
      t6[(low >>> 8) & 0xff]! ^
      t5[(low >>> 16) & 0xff]! ^
      t4[low >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at]!) & 0xff]!
  return (crc ^ -1) >>> 0
}

/**
 * Views and comparisons of bytes without copies. Most bytes here are `Buffer`s already, and making another view of one
 * costs more than reading it.
 */

/** The same bytes with Buffer's methods. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** The bytes as text of one byte per character, which can be a map key. */
export const toLatin1 = (bytes: Uint8Array): string => asBuffer(bytes).toString("latin1")

/** Whether both say the same. The last byte comes first: ids and times differ there. */
export const isSame = (one: Uint8Array, other: Uint8Array): boolean => {
  if (one === other) return true
  if (one.length !== other.length) return false
  for (let i = one.length - 1; i >= 0; i--) if (one[i] !== other[i]) return false
  return true
}

/**
 * Correlation ids: 16 bytes, 8 of an instance token that is random per start, then an 8-byte big-endian counter.
 *
 * The token tells at once whether a reply is ours; the counter then is the key of the pending call, a plain number.
 * Ids of other programs have any length and are only ever echoed.
 */
import { asBuffer } from "./Bytes.ts"

/** Bytes of an instance token. */
export const tokenBytes = 8

const idBytes = 16
const twoTo32 = 4_294_967_296

/** The id of the call with this number, which is a safe integer from 0. */
export const make = (token: Uint8Array, counter: number): Uint8Array => {
  // Plain stores into a small array: no view object, no pooled memory that one slow call could hold on to.
  const id = new Uint8Array(idBytes)
  for (let i = 0; i < tokenBytes; i++) id[i] = token[i]!
  const high = Math.floor(counter / twoTo32)
  const low = counter >>> 0
  id[8] = high >>> 24
  id[9] = high >>> 16
  id[10] = high >>> 8
  id[11] = high
  id[12] = low >>> 24
  id[13] = low >>> 16
  id[14] = low >>> 8
  id[15] = low
  return id
}

/** The number of the call this id belongs to, or undefined when an instance with this token did not make it. */
export const counterOf = (id: Uint8Array, token: Uint8Array): number | undefined => {
  if (id.length !== idBytes) return undefined
  for (let i = 0; i < tokenBytes; i++) if (id[i] !== token[i]) return undefined
  const high = id[8]! * 16_777_216 + ((id[9]! << 16) | (id[10]! << 8) | id[11]!)
  const low = id[12]! * 16_777_216 + ((id[13]! << 16) | (id[14]! << 8) | id[15]!)
  const counter = high * twoTo32 + low
  return Number.isSafeInteger(counter) ? counter : undefined
}

/** For logs and errors: lower-case hexadecimal. */
export const toHex = (id: Uint8Array): string => asBuffer(id).toString("hex")

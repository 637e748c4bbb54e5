/**
 * What two requests are compared by. With one key: the payload, decoded and encoded again by this side's schema, so that
 * excess keys and the order of keys make no difference. With one correlation id: the bytes, which the requester made once.
 *
 * Up to 64 characters a payload is its own fingerprint; longer ones are digested.
 */
import { hash } from "node:crypto"
import * as Effect from "effect/Effect"
import type { Operation } from "../../contract/Operation.ts"

const maxOwn = 64

const digestOf = (text: string | Uint8Array): string => hash("sha256", text, "base64")

/** The fingerprint of a decoded payload. A payload that does not encode is a defect of its schema. */
export const fingerprintOf = (operation: Operation, payload: unknown): Effect.Effect<string> =>
  Effect.map(Effect.orDie(operation.payload.encode(payload)), (json) => {
    const text = JSON.stringify(json ?? null)
    return text.length <= maxOwn ? text : digestOf(text)
  })

/** The fingerprint of a payload as it came. */
export const fingerprintOfBytes = (bytes: Uint8Array | null): string => {
  if (bytes === null) return ""
  return bytes.byteLength <= maxOwn
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")
    : digestOf(bytes)
}

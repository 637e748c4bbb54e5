/**
 * What two requests with one key are compared by: the payload, decoded and encoded again by this side's schema, as
 * canonical JSON (RFC 8785), so that excess keys and the order of keys make no difference.
 */
import canonicalize from "canonicalize"
import { hash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { toLatin1 } from "../../wire/Bytes.ts"
import type { Operation } from "../../contract/Operation.ts"
import { next } from "./readyEffect.ts"

// The length of a SHA-256 in hexadecimal: nothing is gained by hashing less.
const longest = 64

/** The same value with every string as JSON writes it: what is no Unicode is escaped there. */
const escaped = (json: unknown): unknown => {
  if (typeof json === "string") return JSON.stringify(json)
  if (Array.isArray(json)) return json.map(escaped)
  if (typeof json !== "object" || json === null) return json
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [JSON.stringify(key), escaped(value)]))
}

const textOf = (json: unknown): string => {
  try {
    return canonicalize(json) ?? "null"
  } catch {
    // Strings that are no Unicode have no canonical form.
    return `!${canonicalize(escaped(json))}`
  }
}

const orDie = (text: Effect.Effect<string, unknown>): Effect.Effect<string> =>
  Exit.isExit(text) && Exit.isSuccess(text) ? (text as Exit.Exit<string>) : Effect.orDie(text)

/** The fingerprint of a decoded payload: itself when it is short, else its SHA-256. One that does not encode is a defect. */
export const fingerprintOf = (operation: Operation, payload: unknown): Effect.Effect<string> =>
  orDie(
    next(operation.payload.encode(payload), (json) => {
      const text = textOf(json)
      return Effect.succeed(text.length < longest ? text : hash("sha256", text, "hex"))
    })
  )

/** The fingerprint of a payload as it came: a requester makes the bytes of a call once, for all its attempts. */
export const fingerprintOfBytes = (bytes: Uint8Array | null): string => {
  if (bytes === null) return ""
  return bytes.byteLength < longest ? toLatin1(bytes) : hash("sha256", bytes, "hex")
}

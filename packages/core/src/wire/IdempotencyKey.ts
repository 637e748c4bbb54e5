/**
 * The idempotency key as it travels. Keys are compared as the text on the wire, at both ends.
 */
import { createHash } from "node:crypto"
import * as Bounds from "./Bounds.ts"

const digestOf = (key: string): string => `sha-256=:${createHash("sha256").update(key, "utf8").digest("base64")}:`

/**
 * The text that stands for a key on the wire: the key itself, or, when its UTF-8 has more than 256 bytes, the SHA-256
 * of it, written like a member of a `Content-Digest` field (RFC 9530).
 */
export const onWire = (key: string): string =>
  key.length > Bounds.maxKeyBytes || Buffer.byteLength(key, "utf8") > Bounds.maxKeyBytes ? digestOf(key) : key

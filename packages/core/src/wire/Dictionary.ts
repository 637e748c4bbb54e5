/**
 * Dictionaries in the syntax of RFC 9651 (structured field values), the form of the `rr` header.
 *
 * The whole grammar is read, so that keys a later version adds are skipped whatever their type is; of the types, those
 * the protocol has no use for are kept as a mark only. Parameters are read and dropped. Written are strings, tokens,
 * integers, booleans and byte sequences. Stops at syntax: which keys mean what is the business of the envelopes.
 */
import * as Result from "effect/Result"
import { isSame, toLatin1 } from "./Bytes.ts"
import * as Bounds from "./Bounds.ts"
import { type Dictionary, Token, type Value } from "./DictionaryValue.ts"
import { parse } from "./internal/dictionaryParser.ts"

// Records of one moment mostly say the same, and a comparison costs a tenth of parsing. The bytes are a copy: a view would
// keep the fetch alive that it is of.
const lastBytes = new Uint8Array(256)
let last = lastBytes.subarray(0, 0)
let lastMembers = parse("")

/** The dictionary of a header's bytes, or what is wrong with them. Total: never throws, whatever the bytes are. */
export const decode = (bytes: Uint8Array): Result.Result<Dictionary, string> => {
  if (bytes.length > Bounds.maxDictionaryBytes) {
    return Result.fail(`longer than ${Bounds.maxDictionaryBytes} bytes`)
  }
  if (isSame(bytes, last)) return lastMembers
  const members = parse(toLatin1(bytes))
  if (bytes.length <= lastBytes.length) {
    if (last.length !== bytes.length) last = lastBytes.subarray(0, bytes.length)
    last.set(bytes)
    lastMembers = members
  }
  return members
}

/** The bytes of a dictionary's text, which is ASCII by construction. */
export const toBytes = (text: string): Uint8Array => Buffer.from(text, "latin1")

const printable = /^[\x20-\x7e]*$/
const special = /["\\]/

/** Text as a value: a string when it is printable ASCII, else the byte sequence of its UTF-8. */
export const textValue = (text: string): string => {
  if (!printable.test(text)) return `:${Buffer.from(text, "utf8").toString("base64")}:`
  return special.test(text) ? `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"` : `"${text}"`
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The text of a value: of a string or token, or of a byte sequence that is valid UTF-8; of nothing else. */
export const textOf = (value: Value | undefined): string | undefined => {
  if (typeof value === "string") return value
  if (value instanceof Token) return value.name
  if (!(value instanceof Uint8Array)) return undefined
  try {
    return strictUtf8.decode(value)
  } catch {
    return undefined
  }
}

/** The text of a value that is a label: neither empty nor longer than labels may be. */
export const labelOf = (value: Value | undefined): string | undefined => {
  const text = textOf(value)
  return text !== undefined && text.length > 0 && text.length <= Bounds.maxLabelLength ? text : undefined
}

/** The integer of a value within bounds, both included; of nothing else. */
export const integerOf = (value: Value | undefined, min: number, max: number): number | undefined =>
  typeof value === "number" && value >= min && value <= max ? value : undefined

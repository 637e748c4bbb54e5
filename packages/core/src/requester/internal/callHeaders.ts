/**
 * The headers of one call as Kafka record headers: from `RpcClient.withHeaders`, the call's options and client
 * middleware, which Effect writes in lower case, and from `withHeaders`, which arrive byte for byte. Pure and total.
 */
import * as Context from "effect/Context"
import * as Headers from "effect/http/Headers"
import type * as Fiber from "effect/Fiber"
import * as Bounds from "../../wire/Bounds.ts"
import * as HeaderNames from "../../wire/HeaderNames.ts"
import type { RecordHeader, RecordHeaders } from "../../wire/RecordHeaders.ts"
import type { GivenHeaders } from "../CallSettings.ts"

// Declared again under Effect's own key, so that what `RpcClient.withHeaders` writes is read here without loading the
// whole RPC client (100 ms).
const CurrentHeaders = Context.Reference<Headers.Headers>("effect/rpc/RpcClient/CurrentHeaders", {
  defaultValue: () => Headers.empty
})

const none: RecordHeaders = []

const kindOf = (value: unknown): string => (value === null ? "null" : typeof value)

const isIterable = (input: object): input is Iterable<unknown> => Symbol.iterator in input

/** What is wrong with headers as Effect takes them; undefined when nothing is. */
const refusalOf = (input: unknown): string | undefined => {
  if (typeof input !== "object" || input === null) return `they are ${kindOf(input)}, not a record of names and text`
  if (Headers.isHeaders(input)) return undefined
  for (const entry of isIterable(input) ? input : Object.entries(input)) {
    if (!Array.isArray(entry) || typeof entry[0] !== "string") return "they are not pairs of a name and text"
    const [name, value] = entry as [string, unknown]
    const texts = Array.isArray(value) ? value : [value]
    const wrong = texts.find((text) => typeof text !== "string" && text !== undefined)
    if (wrong !== undefined) return `the value of ${name} is ${kindOf(wrong)}, and takes text`
  }
  return undefined
}

/** The headers a call starts with, before middleware, or what is wrong with them. */
export const headersOf = (fiber: Fiber.Fiber<unknown, unknown>, own: unknown): Headers.Headers | string => {
  const inherited = Context.getOrUndefined(fiber.context, CurrentHeaders)
  if (own === undefined) return inherited ?? Headers.empty
  try {
    const refusal = refusalOf(own)
    if (refusal !== undefined) return refusal
    const given = Headers.fromInput(own as Headers.Input)
    return inherited === undefined ? given : Headers.merge(inherited, given)
  } catch (error) {
    return `they cannot be read: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** Adds one header; what is wrong with it otherwise. */
const add = (record: Array<RecordHeader>, name: unknown, value: unknown): string | undefined => {
  if (typeof name !== "string") return `${kindOf(name)} is no name of a header: they take a record or pairs`
  if (!name.isWellFormed()) return `the name ${JSON.stringify(name)} is no valid text`
  if (HeaderNames.isReserved(name)) return `${name} is reserved for the protocol`
  if (value instanceof Uint8Array) record.push([name, value])
  else if (typeof value !== "string") return `the value of ${name} is ${kindOf(value)}, and takes text or bytes`
  else if (value.isWellFormed()) record.push([name, Buffer.from(value, "utf8")])
  else return `the value of ${name} is no valid text; give it as bytes`
  return undefined
}

/** The record headers, or what is wrong with them. */
export const toRecord = (headers: Headers.Headers, given: GivenHeaders): RecordHeaders | string => {
  if (headers === Headers.empty && given.length === 0) return none
  const record: Array<RecordHeader> = []
  for (const name of Object.keys(headers)) {
    const refusal = add(record, name, headers[name])
    if (refusal !== undefined) return refusal
  }
  for (const [name, value] of given) {
    const refusal = add(record, name, value)
    if (refusal !== undefined) return refusal
  }
  if (record.length > Bounds.maxCallHeaderCount) {
    return `there are ${record.length} of them, more than ${Bounds.maxCallHeaderCount}`
  }
  let bytes = 0
  for (const [name, value] of record) bytes += Buffer.byteLength(name, "utf8") + value.byteLength
  return bytes > Bounds.maxCallHeaderBytes
    ? `together they have ${bytes} bytes, more than ${Bounds.maxCallHeaderBytes}`
    : record
}

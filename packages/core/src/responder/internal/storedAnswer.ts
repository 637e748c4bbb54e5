/**
 * An answer as it is remembered, to be given again: its own copy of all bytes, and what that costs.
 */
import type { RecordHeaders } from "../../wire/RecordHeaders.ts"
import type { Answer } from "./answer.ts"

export interface StoredAnswer extends Answer {
  /** What the handler added. */
  readonly headers: RecordHeaders
}

// Bytes may be part of something larger (a pool, a whole fetch), which would be kept with them and not be counted.
const ownBytes = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

const none: RecordHeaders = []

/** A copy that keeps nothing else alive. */
export const stored = (answer: Answer, headers: RecordHeaders): StoredAnswer => ({
  ...answer,
  body: ownBytes(answer.body),
  headers: headers.length === 0 ? none : headers.map(([name, value]) => [name, ownBytes(value)] as const)
})

// What V8 takes for the object and its byte array, and for each header: a pair, a string, a byte array.
const answerOverhead = 256
const headerOverhead = 192

/** Bytes that a stored answer takes in memory, about. */
export const sizeOf = ({ body, headers }: StoredAnswer): number =>
  headers.reduce(
    (size, [name, value]) => size + headerOverhead + name.length + value.byteLength,
    answerOverhead + body.byteLength
  )

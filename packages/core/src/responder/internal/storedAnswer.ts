/**
 * An answer as it is remembered, to be given again: its own copy of all bytes, and what that costs.
 */
import type { RecordHeaders } from "../../wire/RecordHeaders.ts"
import type { Answer } from "./answer.ts"
import { ownHeaders, sizeOfHeaders } from "./memory.ts"

export interface StoredAnswer extends Answer {
  /** What the handler added. */
  readonly headers: RecordHeaders
}

/** A copy that keeps nothing else alive: bytes may be part of something larger (a pool), which would not be counted. */
export const stored = (answer: Answer, headers: RecordHeaders): StoredAnswer => ({
  ...answer,
  body: new Uint8Array(answer.body),
  headers: ownHeaders(headers)
})

// What V8 takes for the object and its byte array.
const answerOverhead = 256

/** Bytes that a stored answer takes in memory, about. */
export const sizeOf = ({ body, headers }: StoredAnswer): number =>
  answerOverhead + body.byteLength + sizeOfHeaders(headers)

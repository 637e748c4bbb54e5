/**
 * What a handler may know of the request besides its payload: where it stands in Kafka and which attempt it is.
 */
import * as Context from "effect/Context"
import type { RecordHeaders } from "../wire/RecordHeaders.ts"

export { remaining } from "../contract/CallBudget.ts"

export interface RequestInfo {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** When the record was appended, epoch milliseconds. */
  readonly timestamp: number
  /** Bytes, as the requester chose them. */
  readonly correlationId: Uint8Array
  /** From 1: above it, the request may have run before. */
  readonly attempt: number
  /** The idempotency key, when the operation has one. */
  readonly key: string | undefined
  /** The caller's headers as bytes, in their order; `headers` in the handler's options has them as text. */
  readonly headers: RecordHeaders
}

/** The request being handled; undefined outside handlers. */
export const RequestInfo: Context.Reference<RequestInfo | undefined> = Context.Reference<RequestInfo | undefined>(
  "@kafka-request-reply/core/responder/RequestInfo",
  { defaultValue: () => undefined }
)

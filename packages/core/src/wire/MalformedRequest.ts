/**
 * A record that is no request this version can read, with what is needed to answer it all the same.
 */
import type { ReplyAddress } from "./ReplyAddress.ts"
import type { Status } from "./Status.ts"

export interface MalformedRequest {
  readonly _tag: "MalformedRequest"
  /** What is wrong, for the log and the body of the rejection. Contains no values of the record. */
  readonly reason: string
  /** What to answer. */
  readonly status: Status
  /** The id to echo. Without it no answer could be matched, so none is sent. */
  readonly correlationId: Uint8Array | undefined
  /** Where to answer. Undefined when the record names no readable address; the rejection is not sent then. */
  readonly replyTo: ReplyAddress | undefined
  /** No `rr` header, but a correlation id and a reply address: a request of Spring or NestJS, to be read as such. */
  readonly isForeign: boolean
}

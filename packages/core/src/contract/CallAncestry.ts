/**
 * Which calls wait for what a handler does. Set by the responder around each handler and sent with every call made inside
 * one, so that a call which could only wait for its own ancestor is told so at once.
 */
import { hash } from "node:crypto"
import * as Context from "effect/Context"

/** The calls of the requests being handled, the innermost first. */
export interface Ancestry {
  /** The correlation id of the request being handled. */
  readonly correlationId: Uint8Array
  /** Those whose handlers wait for it, as its request named them. */
  readonly via: ReadonlyArray<string>
}

/** The request being handled, as nested calls name it; undefined outside handlers. */
export const CallAncestry: Context.Reference<Ancestry | undefined> = Context.Reference<Ancestry | undefined>(
  "@kafka-request-reply/core/contract/CallAncestry",
  { defaultValue: () => undefined }
)

/** More than so many are not sent: the outermost are left out. */
export const maxAncestors = 8

const digestLength = 12

/**
 * How a call is named to others: 12 characters of a digest. Its correlation id itself would let whoever reads it answer in
 * the responder's place.
 */
export const viaOf = (correlationId: Uint8Array): string =>
  hash("sha256", correlationId, "base64url").slice(0, digestLength)

const nobody: ReadonlyArray<string> = []

/** What a call made now sends; empty outside handlers. */
export const viaIn = (ancestry: Ancestry | undefined): ReadonlyArray<string> =>
  ancestry === undefined ? nobody : [viaOf(ancestry.correlationId), ...ancestry.via].slice(0, maxAncestors)

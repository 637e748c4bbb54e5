/**
 * Unpredictable bytes, for the token in correlation ids: replies to a requester must not be guessable.
 *
 * A reference, so that production needs no wiring and a simulator can seed it.
 */
import { randomBytes } from "node:crypto"
import * as Context from "effect/Context"

export interface Entropy {
  readonly bytes: (count: number) => Uint8Array
}

/** The operating system's CSPRNG, unless replaced. */
export const Entropy: Context.Reference<Entropy> = Context.Reference<Entropy>(
  "@kafka-request-reply/core/host/Entropy",
  { defaultValue: () => ({ bytes: (count) => randomBytes(count) }) }
)

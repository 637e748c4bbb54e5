/**
 * Where a mutant may spoil the engine from outside: the services it is given and the values it returns.
 */
import type { ProducerLink } from "@kafka-request-reply/core/simulator/kafka/ProducerLink"
import type { Transport } from "@kafka-request-reply/core/Transport"
import type * as Effect from "effect/Effect"

export interface Decorators {
  readonly link: (link: ProducerLink) => ProducerLink
  readonly transport: (transport: Transport["Service"]) => Transport["Service"]
  /** Wraps the calls that handlers make. */
  readonly nested: <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** The engine as it is. */
export const none: Decorators = {
  link: (link) => link,
  transport: (transport) => transport,
  nested: (call) => call
}

/**
 * What every connection of the driver is made with, and the time limits of talking to brokers.
 */
import type { Sasl, Ssl } from "./kafkajsInternals.ts"

export interface ClientSettings {
  readonly brokers: ReadonlyArray<string>
  readonly clientId: string
  readonly ssl?: Ssl | undefined
  readonly sasl?: Sasl | undefined
  /** How long a connection attempt may take. */
  readonly connectionTimeoutMillis: number
  /** Without an answer for this long, a request has failed and its connection is cut. */
  readonly requestTimeoutMillis: number
  /** How long opening a client, a reader or a topic may be tried before its error is the caller's. */
  readonly startTimeoutMillis: number
  /** How long a broker may hold a fetch that finds nothing; also what leaving a partition may take. */
  readonly maxWaitMillis: number
  /** A member that is silent for this long loses its partitions. Brokers accept 6 s and more. */
  readonly sessionTimeoutMillis: number
  readonly heartbeatMillis: number
}

/**
 * What every connection of the driver is made with, and the time limits of talking to brokers.
 */
import * as Duration from "effect/Duration"
import { anything, oneOf, required, type Rules, text, wireDuration } from "../../settings/OptionRules.ts"
import type { Compression } from "../../protocol/compression.ts"
import * as BrokerList from "../BrokerList.ts"
import type { Sasl, Ssl } from "./kafkajsInternals.ts"

export interface ClientSettings {
  readonly brokers: ReadonlyArray<string>
  readonly clientId: string
  readonly ssl?: Ssl | undefined
  readonly sasl?: Sasl | undefined
  /** How long a connection attempt may take. */
  readonly connectionTimeoutMillis: number
  /** Without an answer for this long, a request has failed and its connection is cut, though its broker is there. */
  readonly requestTimeoutMillis: number
  /** How long opening a client, a reader or a topic may be tried before its error is the caller's. */
  readonly startTimeoutMillis: number
  /** How long a broker may hold a fetch that finds nothing; also what leaving a partition may take. */
  readonly maxWaitMillis: number
  /** A member that is silent for this long loses its partitions. Brokers accept 6 s and more. */
  readonly sessionTimeoutMillis: number
  readonly heartbeatMillis: number
  /** How written batches are compressed. */
  readonly compression: Compression
}

export interface ClientOptions {
  /** The bootstrap list, `host:port` each; one that answers is enough, and one that keeps silent costs its share of `startTimeout`. */
  readonly brokers: ReadonlyArray<string>
  /** The name brokers show in their logs and quotas. */
  readonly clientId: string
  /** TLS, as kafkajs takes it; absent: plain text. */
  readonly ssl?: Ssl | undefined
  /** SASL, as kafkajs takes it; absent: no authentication. */
  readonly sasl?: Sasl | undefined
  /** How long one connection attempt may take (default 3 seconds). */
  readonly connectionTimeout?: Duration.Input
  /**
   * How long a broker that is there may take to answer before the connection is cut (default 10 seconds). One that keeps
   * silent altogether is suspected after one to two seconds, whatever is set here.
   */
  readonly requestTimeout?: Duration.Input
  /** How long the layer, a reader or a topic may be tried to open (default 4.5 seconds: an error is said within 5). */
  readonly startTimeout?: Duration.Input
  /** How long a broker may hold a fetch that finds nothing (default 500 ms): idle CPU against the time to stop. */
  readonly maxWait?: Duration.Input
  /** After this silence a member's partitions go to others (default 10 seconds; brokers take 6 seconds and more). */
  readonly sessionTimeout?: Duration.Input
  /** How soon a member notices a rebalance (default 250 ms). */
  readonly heartbeatInterval?: Duration.Input
  /**
   * How batches are compressed that are written (default `none`); one that would not get smaller is left as it is. Every
   * codec is read, whatever this says.
   */
  readonly compression?: Compression
}

// A string of the protocol has a length of 16 bits.
const maxClientIdLength = 32_767

/** The time limits where the options say nothing. */
export const defaults = {
  connectionTimeout: "3 seconds",
  requestTimeout: "10 seconds",
  startTimeout: "4500 millis",
  maxWait: "500 millis",
  sessionTimeout: "10 seconds",
  heartbeatInterval: "250 millis",
  compression: "none"
} as const satisfies Partial<ClientOptions>

/** What the options accept. */
export const rules: Rules<ClientOptions> = {
  brokers: required(BrokerList.rule),
  clientId: required(text(maxClientIdLength)),
  connectionTimeout: wireDuration(1),
  requestTimeout: wireDuration(1),
  startTimeout: wireDuration(1),
  maxWait: wireDuration(1),
  sessionTimeout: wireDuration(1),
  heartbeatInterval: wireDuration(1),
  compression: oneOf("none", "gzip", "snappy", "lz4", "zstd"),
  // kafkajs checks them when it connects.
  ssl: anything,
  sasl: anything
}

export const toSettings = (options: ClientOptions): ClientSettings => ({
  brokers: options.brokers,
  clientId: options.clientId,
  ssl: options.ssl,
  sasl: options.sasl,
  connectionTimeoutMillis: Duration.toMillis(options.connectionTimeout ?? defaults.connectionTimeout),
  requestTimeoutMillis: Duration.toMillis(options.requestTimeout ?? defaults.requestTimeout),
  startTimeoutMillis: Duration.toMillis(options.startTimeout ?? defaults.startTimeout),
  maxWaitMillis: Duration.toMillis(options.maxWait ?? defaults.maxWait),
  sessionTimeoutMillis: Duration.toMillis(options.sessionTimeout ?? defaults.sessionTimeout),
  heartbeatMillis: Duration.toMillis(options.heartbeatInterval ?? defaults.heartbeatInterval),
  compression: options.compression ?? defaults.compression
})

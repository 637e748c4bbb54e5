/**
 * The only door to kafkajs: the parts of the pinned version 2.2.4 that the driver stands on, with the shapes it relies on.
 *
 * Of kafkajs only its connections (framing, TLS, SASL) and its codecs of the older, plain protocol versions are used
 * (ADR 0002, ADR 0015). These are private modules of a package that has not changed since February 2023, so the exact
 * version is checked before anything is built on them.
 */
import { createRequire } from "node:module"
import type { Socket } from "node:net"
import type { KafkaConfig } from "kafkajs"

export type Ssl = NonNullable<KafkaConfig["ssl"]>
export type Sasl = NonNullable<KafkaConfig["sasl"]>

/** The version whose internals are known here. */
export const knownVersion = "2.2.4"

/** Bytes to be sent, as kafkajs frames them. */
export interface Encoded {
  readonly buf: Buffer
  readonly buffer: Buffer
}

/** A request with the codec of its answer, as a connection takes it. */
export interface ProtocolRequest {
  readonly request: {
    readonly apiKey: number
    readonly apiName: string
    readonly apiVersion: number
    readonly encode: () => Promise<Encoded>
  }
  readonly response: {
    readonly decode: (bytes: Buffer) => Promise<unknown>
    readonly parse: (decoded: unknown) => Promise<unknown>
  }
  /** How long the broker may hold the answer back; kafkajs hands it to the queue. */
  readonly requestTimeout?: number
  readonly logResponseError?: boolean
}

/** A request on its way through the queue of a connection. */
export interface PushedRequest {
  readonly entry: { readonly correlationId: number }
  readonly requestTimeout: number | null
  readonly sendRequest: () => void
}

export interface RequestQueue {
  readonly pending: ReadonlyArray<unknown>
  push(request: PushedRequest): void
  fulfillRequest(answer: { readonly correlationId: number }): void
  rejectAll(error: Error): void
  maybeThrottle(millis: number | null | undefined): void
  scheduleCheckPendingRequests(): void
}

/** The newest and oldest version that a broker knows, by API key. */
export type ApiVersions = Readonly<
  Record<number, { readonly minVersion: number; readonly maxVersion: number } | undefined>
>

export interface Connection {
  readonly requestQueue: RequestQueue
  readonly socket: Socket | undefined
  /** What has come of an answer that is not complete, its size, and the size wanted next. */
  chunks: ReadonlyArray<Buffer>
  bytesBuffered: number
  bytesNeeded: number
  isConnected(): boolean
  connect(): Promise<unknown>
  authenticate(): Promise<void>
  send(request: ProtocolRequest): Promise<unknown>
  setVersions(versions: ApiVersions): void
  setSupportAuthenticationProtocol(isSupported: boolean): void
}

export interface Logger {
  readonly namespace: (name: string) => Logger
}

export interface LogEntry {
  readonly namespace: string
  readonly label: string
  readonly log: { readonly message: string; readonly [field: string]: unknown }
}

/** A member's part of a group's state, as the leader of the group gets it. */
export interface Member {
  readonly memberId: string
  readonly memberMetadata: Buffer
}

const require = createRequire(import.meta.url)

export const installedVersion = (require("kafkajs/package.json") as { readonly version: string }).version
export const Connection = require("kafkajs/src/network/connection") as new (options: object) => Connection
export const { createLogger, LEVELS } = require("kafkajs/src/loggers") as {
  readonly createLogger: (options: {
    readonly level: number
    readonly logCreator: () => (entry: LogEntry) => void
  }) => Logger
  readonly LEVELS: Readonly<Record<"NOTHING" | "ERROR" | "WARN" | "INFO" | "DEBUG", number>>
}
export const { createErrorFromCode } = require("kafkajs/src/protocol/error") as {
  readonly createErrorFromCode: (code: number) => Error & { readonly type: string }
}
export const { MemberAssignment, MemberMetadata } = require("kafkajs/src/consumer/assignerProtocol") as {
  readonly MemberAssignment: {
    encode(share: {
      readonly version: number
      readonly assignment: Readonly<Record<string, ReadonlyArray<number>>>
    }): Buffer
    decode(bytes: Buffer): { readonly assignment: Readonly<Record<string, ReadonlyArray<number>>> } | null
  }
  readonly MemberMetadata: {
    encode(member: {
      readonly version: number
      readonly topics: ReadonlyArray<string>
      readonly userData?: Buffer
    }): Buffer
    decode(bytes: Buffer): {
      readonly version: number
      readonly topics: ReadonlyArray<string>
      readonly userData: Buffer | null
    }
  }
}
const builtInAuthentication: Readonly<Record<string, string>> = {
  AWS: "awsIam",
  PLAIN: "plain",
  OAUTHBEARER: "oauthBearer",
  "SCRAM-SHA-256": "scram256",
  "SCRAM-SHA-512": "scram512"
}

/** What authenticates by the protocol of one mechanism; its messages go out through `saslAuthenticate`. */
export type AuthenticationProvider = (options: {
  readonly saslAuthenticate: (message: object) => Promise<unknown>
}) => { readonly authenticate: () => Promise<void> }

/** kafkajs' own way to authenticate by a mechanism, undefined for mechanisms it does not know. */
export const authenticationProvider = (sasl: Sasl): AuthenticationProvider | undefined => {
  const file = builtInAuthentication[sasl.mechanism.toUpperCase()]
  if (file === undefined) return undefined
  return (require(`kafkajs/src/broker/saslAuthenticator/${file}`) as (sasl: Sasl) => AuthenticationProvider)(sasl)
}

const kafkajsKeys = require("kafkajs/src/protocol/requests/apiKeys") as Readonly<
  Record<Exclude<Api, "ConsumerGroupDescribe"> | "ApiVersions", number>
>
export const apiKeys = { ...kafkajsKeys, ConsumerGroupDescribe: 69 }
const { lookup, requests } = require("kafkajs/src/protocol/requests") as {
  readonly lookup: (
    versions: ApiVersions
  ) => (apiKey: number, definition: unknown) => (payload: object) => ProtocolRequest
  readonly requests: Readonly<
    Record<string, { readonly protocol: (options: { readonly version: number }) => () => ProtocolRequest }>
  >
}

export type Api =
  | "ConsumerGroupDescribe"
  | "CreateTopics"
  | "DeleteTopics"
  | "CreateAcls"
  | "DescribeConfigs"
  | "DescribeGroups"
  | "Fetch"
  | "GroupCoordinator"
  | "Heartbeat"
  | "JoinGroup"
  | "LeaveGroup"
  | "ListOffsets"
  | "Metadata"
  | "OffsetCommit"
  | "OffsetFetch"
  | "OffsetForLeaderEpoch"
  | "Produce"
  | "SaslAuthenticate"
  | "SyncGroup"

/** Asks a broker which versions it knows, in one that every broker since Kafka 2.0 understands. */
export const apiVersionsRequest = (): ProtocolRequest => requests["ApiVersions"]!.protocol({ version: 2 })()

/** The request in the newest version that both sides know. Throws when there is none. */
export const protocolRequest = (versions: ApiVersions, api: Api, payload: object): ProtocolRequest =>
  lookup(versions)(apiKeys[api], requests[api])(payload)

const encoded = (buffer: Buffer): Encoded => ({ buf: buffer, buffer })

/** The same request with another body. */
export const withBody = (protocol: ProtocolRequest, encode: () => Buffer): ProtocolRequest => ({
  ...protocol,
  request: { ...protocol.request, encode: async () => encoded(encode()) }
})

/** A request in a version of our own codecs. */
export const ownRequest = (
  api: Api,
  apiVersion: number,
  encode: () => Buffer,
  decode: (bytes: Buffer) => unknown
): ProtocolRequest => ({
  request: { apiKey: apiKeys[api], apiName: api, apiVersion, encode: async () => encoded(encode()) },
  response: { decode: async (bytes) => decode(bytes), parse: async (decoded) => decoded }
})

/** Whether the broker knows a version of our own codecs. */
export const speaks = (versions: ApiVersions, api: Api, version: number): boolean => {
  const known = versions[apiKeys[api]]
  return known !== undefined && known.minVersion <= version && version <= known.maxVersion
}

/**
 * The same request, resolved with the whole decoded answer. kafkajs' own `parse` throws on the first error code of an
 * answer and loses what the answer said about the other topics and partitions; here they are all kept.
 */
export const keepingAll = (protocol: ProtocolRequest, holdMillis: number): ProtocolRequest => ({
  ...protocol,
  requestTimeout: holdMillis,
  logResponseError: false,
  response: { decode: protocol.response.decode, parse: async (decoded) => decoded }
})

/**
 * The only door to kafkajs: the parts of the pinned version 2.2.4 that the driver stands on, with the shapes it relies on.
 *
 * kafkajs' public consumer and producer are not used (ADR 0002); its connections, its protocol codecs, its metadata and
 * its group protocol are. These are private modules of a package that has not changed since February 2023, so the exact
 * version is checked before anything is built on them.
 */
import { createRequire } from "node:module"
import type { Socket } from "node:net"
import type { KafkaConfig } from "kafkajs"

export type Ssl = NonNullable<KafkaConfig["ssl"]>
export type Sasl = NonNullable<KafkaConfig["sasl"]>

/** The version whose internals are known here. */
export const knownVersion = "2.2.4"

export interface PartitionMetadata {
  readonly partitionErrorCode: number
  readonly partitionId: number
  /** -1 while there is none. */
  readonly leader: number
  readonly replicas: ReadonlyArray<number>
}

export interface TopicMetadata {
  readonly topicErrorCode: number
  readonly topic: string
  readonly partitionMetadata: ReadonlyArray<PartitionMetadata>
}

export interface Metadata {
  readonly controllerId: number
  readonly brokers: ReadonlyArray<{ readonly nodeId: number; readonly host: string; readonly port: number }>
  readonly topicMetadata: ReadonlyArray<TopicMetadata>
}

/** Bytes to be sent, as kafkajs frames them. */
export interface Encoded {
  readonly buf: Buffer
  readonly buffer: Buffer
}

export interface Encoder extends Encoded {
  writeArray(values: ReadonlyArray<unknown>): Encoder
  writeBoolean(value: boolean): Encoder
}

/** A request with the codec of its answer, as a connection takes it. */
export interface ProtocolRequest {
  readonly request: { readonly apiVersion: number; readonly encode: () => Promise<Encoded> }
  readonly response: {
    readonly decode: (bytes: Buffer) => Promise<unknown>
    readonly parse: (decoded: unknown) => Promise<unknown>
  }
  readonly requestTimeout?: number
  readonly logResponseError?: boolean
}

export interface RequestQueue {
  readonly pending: ReadonlyArray<unknown>
  /** Nothing is sent before; epoch milliseconds, -1 when nobody asked for quiet. */
  readonly throttledUntil: number
  scheduleCheckPendingRequests(): void
}

export interface Connection {
  readonly requestQueue: RequestQueue
  readonly socket: Socket | undefined
  /** What has come of an answer that is not complete, its size, and the size wanted next. */
  chunks: ReadonlyArray<Buffer>
  bytesBuffered: number
  bytesNeeded: number
  isConnected(): boolean
  connect(): Promise<unknown>
}

export interface ConnectionPool {
  readonly host: string
  readonly port: number
  readonly pool: ReadonlyArray<Connection>
  send(request: ProtocolRequest): Promise<unknown>
}

export interface Broker {
  readonly nodeId: number
  readonly connectionPool: ConnectionPool
  readonly lookupRequest: (apiKey: number, definition: unknown) => (payload: object) => ProtocolRequest
  /** Connected, and authenticated where that is asked for. */
  isConnected(): boolean
  metadata(topics: ReadonlyArray<string>): Promise<Metadata>
  findGroupCoordinator(request: {
    readonly groupId: string
    readonly coordinatorType: number
  }): Promise<{ readonly coordinator: { readonly nodeId: number } }>
}

export interface BrokerPool {
  readonly metadata: Metadata | null
  readonly brokers: Readonly<Record<number, Broker>>
  /** The one of the bootstrap list that is connected to while no other is. */
  readonly seedBroker: Broker | undefined
  connectionPoolBuilder: { build(options?: object): Promise<ConnectionPool> }
  createBroker: (options: object) => Broker
  findBroker(options: { readonly nodeId: number }): Promise<Broker>
  findConnectedBroker(): Promise<Broker>
}

export interface Cluster {
  readonly brokerPool: BrokerPool
  readonly targetTopics: Set<string>
  isConnected(): boolean
  connect(): Promise<void>
  disconnect(): Promise<void>
  refreshMetadata(): Promise<void>
  findBroker(options: { readonly nodeId: number }): Promise<Broker>
  findControllerBroker(): Promise<Broker>
  findGroupCoordinator(options: { readonly groupId: string }): Promise<Broker>
}

/** The group protocol's client side, without kafkajs' consumer loop around it. */
export interface ConsumerGroup {
  coordinator: Broker | null
  memberId: string | null
  readonly generationId: number | null
  joinAndSync(): Promise<void>
  leave(): Promise<void>
  assigned(): ReadonlyArray<{ readonly topic: string; readonly partitions: ReadonlyArray<number> }>
}

export interface Logger {
  readonly namespace: (name: string) => Logger
}

export interface LogEntry {
  readonly namespace: string
  readonly label: string
  readonly log: { readonly message: string; readonly [field: string]: unknown }
}

export interface Emitter {
  addListener(event: string, listener: (event: { readonly payload: { readonly broker: string } }) => void): () => void
}

const require = createRequire(import.meta.url)

export const installedVersion = (require("kafkajs/package.json") as { readonly version: string }).version
export const Cluster = require("kafkajs/src/cluster") as new (options: object) => Cluster
export const ConsumerGroup = require("kafkajs/src/consumer/consumerGroup") as new (options: object) => ConsumerGroup
export const Emitter = require("kafkajs/src/instrumentation/emitter") as new () => Emitter
export const Encoder = require("kafkajs/src/protocol/encoder") as new () => Encoder
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
export const { NETWORK_REQUEST_TIMEOUT: requestTimeoutEvent } =
  require("kafkajs/src/network/instrumentationEvents") as {
    readonly NETWORK_REQUEST_TIMEOUT: string
  }
export const { roundRobin } = require("kafkajs/src/consumer/assigners") as {
  readonly roundRobin: (options: { readonly cluster: Cluster }) => {
    readonly name: string
    protocol(options: { readonly topics: ReadonlyArray<string> }): { readonly name: string; readonly metadata: Buffer }
  }
}
export const shuffle = require("kafkajs/src/utils/shuffle") as <A>(values: ReadonlyArray<A>) => ReadonlyArray<A>
const apiKeys = require("kafkajs/src/protocol/requests/apiKeys") as Readonly<Record<string, number>>
const { requests } = require("kafkajs/src/protocol/requests") as {
  readonly requests: Readonly<Record<string, unknown>>
}

export type Api =
  | "CreateTopics"
  | "DescribeConfigs"
  | "DescribeGroups"
  | "Fetch"
  | "Heartbeat"
  | "JoinGroup"
  | "ListOffsets"
  | "Metadata"
  | "OffsetCommit"
  | "OffsetFetch"
  | "Produce"

/** The request in the newest version that both sides know. Fails (throws) before the broker's first connection. */
export const protocolRequest = (broker: Broker, api: Api, payload: object): ProtocolRequest =>
  broker.lookupRequest(apiKeys[api]!, requests[api])(payload)

/** kafkajs sends fetches on a connection of their own, so that long polls hold up nothing else. */
export const fetchConnection = (broker: Broker): Connection | undefined => broker.connectionPool.pool[1]

/**
 * How long the connection that writes use has to be quiet yet, milliseconds: negative when its last quiet is over for so
 * long. `now` is in milliseconds since the epoch.
 */
export const quietMillis = ({ connectionPool: { pool } }: Broker, now: number): number => {
  const until = pool[0]?.requestQueue.throttledUntil ?? -1
  return until < 0 ? Number.NEGATIVE_INFINITY : until - now
}

/** The same request with another body. */
export const withBody = (protocol: ProtocolRequest, encode: () => Buffer): ProtocolRequest => {
  const encodeBody = async () => {
    const buffer = encode()
    return { buf: buffer, buffer }
  }
  return { ...protocol, request: { ...protocol.request, encode: encodeBody } }
}

/** The same request with its answer decoded by another codec. */
export const withDecoder = (protocol: ProtocolRequest, decode: (bytes: Buffer) => unknown): ProtocolRequest => ({
  ...protocol,
  response: { ...protocol.response, decode: async (bytes) => decode(bytes) }
})

/**
 * Sends a request and resolves with the whole decoded answer. kafkajs' own `parse` throws on the first error code of an
 * answer and loses what the answer said about the other topics and partitions; here they are all kept.
 */
export const ask = async <A>(broker: Broker, protocol: ProtocolRequest): Promise<A> => {
  const { response } = protocol
  const keepAll = { decode: response.decode, parse: (decoded: unknown) => Promise.resolve(decoded) }
  return (await broker.connectionPool.send({ ...protocol, logResponseError: false, response: keepAll })) as A
}

/**
 * One connection to one broker, for one purpose: opened when it is needed, and again after it was lost.
 *
 * A broker answers the requests of a connection in turn. A request that the broker may hold for long (a fetch, a join, a write
 * that waits for its replicas) therefore has a separate connection, so that no other request waits behind it.
 */
import type { ClientSettings } from "./clientSettings.ts"
import { hardenConnection } from "./hardenConnection.ts"
import {
  type Api,
  apiKeys,
  type ApiVersions,
  apiVersionsRequest,
  Connection,
  keepingAll,
  type Logger,
  type ProtocolRequest,
  speaks
} from "./kafkajsInternals.ts"
import { Progress } from "./progress.ts"
import type { SocketRegistry } from "./socketRegistry.ts"

/** What the connections of one client have in common. */
export interface ConnectionSetup {
  readonly settings: ClientSettings
  readonly logger: Logger
  readonly sockets: SocketRegistry
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly onThrottle: (millis: number) => void
}

interface ApiVersionsAnswer {
  readonly apiVersions: ReadonlyArray<{
    readonly apiKey: number
    readonly minVersion: number
    readonly maxVersion: number
  }>
}

export class BrokerConnection {
  readonly nodeId: number
  readonly address: string
  readonly progress: Progress
  readonly #connection: Connection
  #versions: ApiVersions = {}
  #opening: Promise<void> | undefined
  #isReady = false
  readonly #now: () => number
  // Set while the socket is being opened.
  #connectingSince: number | undefined

  constructor(
    { logger, now, onThrottle, settings, sockets }: ConnectionSetup,
    { address, host, nodeId, port }: { address: string; host: string; nodeId: number; port: number }
  ) {
    this.nodeId = nodeId
    this.address = address
    this.#now = now
    this.progress = new Progress(now, onThrottle)
    const { clientId, connectionTimeoutMillis, requestTimeoutMillis, sasl, ssl } = settings
    this.#connection = new Connection({
      host,
      port,
      logger,
      clientId,
      socketFactory: sockets.open,
      ...(ssl === undefined ? {} : { ssl }),
      ...(sasl === undefined ? {} : { sasl }),
      connectionTimeout: connectionTimeoutMillis,
      requestTimeout: requestTimeoutMillis,
      // The driver has time limits of its own: only it knows how long a broker may hold each request.
      enforceRequestTimeout: false,
      reauthenticationThreshold: 10_000,
      maxInFlightRequests: null
    })
    hardenConnection(this.#connection, this.progress)
  }

  get isOpen(): boolean {
    return this.#isReady && this.#connection.isConnected()
  }

  /** How long the broker has owed a connection or an answer; 0 or less when it owes none. */
  get owedMillis(): number {
    return this.#connectingSince === undefined ? this.progress.owedMillis : this.#now() - this.#connectingSince
  }

  /** Connects, asks which versions the broker knows, and authenticates. Attempts at the same time share one. */
  open(): Promise<void> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  /** Connects and gets one answer, without authentication: resolves when the broker is alive. */
  async ping(): Promise<void> {
    await this.#connection.connect()
    await this.#connection.send(keepingAll(apiVersionsRequest(), 0))
  }

  /** Whether the broker knows this version, by its answer when the connection was opened last. */
  speaks(api: Api, version: number): boolean {
    return speaks(this.#versions, api, version)
  }

  /** Sends a request to an open connection; `holdMillis` is how long the broker may hold its answer back. */
  async send(build: (versions: ApiVersions) => ProtocolRequest, holdMillis: number): Promise<unknown> {
    return this.#connection.send(keepingAll(build(this.#versions), holdMillis))
  }

  /** Ends the socket; pending requests fail. */
  cut(reason: string): void {
    this.#connection.socket?.destroy(new Error(reason))
  }

  async #open(): Promise<void> {
    this.#isReady = false
    this.#connectingSince = this.#now()
    try {
      await this.#connection.connect()
    } finally {
      this.#connectingSince = undefined
    }
    const { apiVersions } = (await this.#connection.send(keepingAll(apiVersionsRequest(), 0))) as ApiVersionsAnswer
    this.#versions = Object.fromEntries(apiVersions.map(({ apiKey, ...versions }) => [apiKey, versions]))
    this.#connection.setVersions(this.#versions)
    this.#connection.setSupportAuthenticationProtocol(this.#versions[apiKeys.SaslAuthenticate] !== undefined)
    await this.#connection.authenticate()
    this.#isReady = true
  }
}

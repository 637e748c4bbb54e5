/**
 * One kafkajs `Cluster` with its connections, as effects: typed errors, a time limit on everything, cached metadata that
 * can be asked synchronously, and an end that leaves no socket and no timer behind.
 *
 * The publisher, each reader and each group member have a client of their own: a broker answers the requests of one
 * connection one after the other, so a long poll or a pending join holds up whatever shares its connection.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import { because, NoAnswer, NoSuchTopic, type TransportError, Unavailable } from "../../kafka/TransportError.ts"
import { classifyError } from "../classifyError.ts"
import type { ClientSettings } from "./clientSettings.ts"
import { hardenBrokerPool } from "./hardenConnections.ts"
import {
  type Broker,
  Cluster,
  createErrorFromCode,
  Emitter,
  type Logger,
  type Metadata,
  requestTimeoutEvent
} from "./kafkajsInternals.ts"
import { makeLogger } from "./logBridge.ts"
import { MetadataView } from "./metadataView.ts"
import { SocketRegistry } from "./socketRegistry.ts"

export interface ClusterClient {
  readonly settings: ClientSettings
  readonly cluster: Cluster
  readonly logger: Logger
  readonly metadata: MetadataView
  /** Runs foreign code: its rejection classified, its silence ended after the time limit (default: the request timeout and a bit). */
  readonly call: <A>(
    what: string,
    ask: () => Promise<A>,
    options?: { readonly timeoutMillis?: number; readonly topic?: string }
  ) => Effect.Effect<A, TransportError>
  /** Fails with what a Kafka error code means; succeeds on 0. */
  readonly failOnCode: (code: number, topic?: string) => Effect.Effect<void, TransportError>
  /** Why a topic is not in the metadata. */
  readonly withoutTopic: (topic: string) => TransportError
  /** A connected broker by its id. */
  readonly broker: (nodeId: number, timeoutMillis?: number) => Effect.Effect<Broker, TransportError>
  /** Any connected broker. */
  readonly anyBroker: Effect.Effect<Broker, TransportError>
  /** Asks any broker for the metadata of these topics, past what is cached. */
  readonly describe: (topics: ReadonlyArray<string>) => Effect.Effect<Metadata["topicMetadata"], TransportError>
  /** Fetches the metadata of all topics asked for so far. */
  readonly refresh: Effect.Effect<void, TransportError>
  /**
   * Repeats what fails for a passing reason, until the start timeout (or the given one) is over. A topic that is missing
   * is waited for a second: brokers learn of a new one in turn.
   */
  readonly untilStarted: <A>(
    effect: Effect.Effect<A, TransportError>,
    timeoutMillis?: number
  ) => Effect.Effect<A, TransportError>
  /** Cuts the connections to one broker, or all; what waits on them fails. They are opened again when needed. */
  readonly cut: (reason: string, broker?: Broker) => void
}

// On top of a request's own limit, before its silence is taken for kafkajs' loss of it.
const graceMillis = 2_000
const startRetryMillis = 100
const leastConnectMillis = 1_000
const metadataTimeoutMillis = 3_000
const newTopicMillis = 1_000

const addressOf = ({ connectionPool: { host, port } }: Broker): string => `${host}:${port}`

export const make = Effect.fnUntraced(function* (
  settings: ClientSettings
): Effect.fn.Return<ClusterClient, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const logger = makeLogger(yield* Effect.context())
  const sockets = new SocketRegistry()
  const emitter = new Emitter()
  const { brokers, clientId, connectionTimeoutMillis, requestTimeoutMillis, sasl, ssl } = settings

  const { asked, cluster } = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const cluster = new Cluster({
        logger,
        brokers,
        clientId,
        ...(ssl === undefined ? {} : { ssl }),
        ...(sasl === undefined ? {} : { sasl }),
        socketFactory: sockets.open,
        instrumentationEmitter: emitter,
        connectionTimeout: connectionTimeoutMillis,
        authenticationTimeout: requestTimeoutMillis,
        reauthenticationThreshold: 10_000,
        requestTimeout: requestTimeoutMillis,
        enforceRequestTimeout: true,
        metadataMaxAge: 60_000,
        allowAutoTopicCreation: false,
        maxInFlightRequests: null,
        // The driver retries: it knows the deadlines, and kafkajs' retry timers would outlive the client.
        retry: { retries: 0 }
      })
      return { cluster, asked: hardenBrokerPool(cluster.brokerPool) }
    }),
    ({ cluster }) =>
      Effect.sync(() => sockets.close()).pipe(
        Effect.andThen(Effect.tryPromise(() => cluster.disconnect())),
        Effect.timeoutOption("1 second"),
        Effect.ignoreCause
      )
  )
  // kafkajs keeps using a connection on which a request timed out; a half-open one would be kept for minutes.
  emitter.addListener(requestTimeoutEvent, ({ payload }) => sockets.cut("a request timed out", payload.broker))

  const metadata = new MetadataView(cluster)

  const call: ClusterClient["call"] = (what, ask, { timeoutMillis = requestTimeoutMillis + graceMillis, topic } = {}) =>
    Effect.tryPromise({ try: () => ask(), catch: (error) => classifyError(error, { brokers, topic }) }).pipe(
      Effect.timeoutOrElse({
        duration: timeoutMillis,
        orElse: () => Effect.fail(because(new NoAnswer({ detail: `${what} took longer than ${timeoutMillis} ms` })))
      })
    )

  const failOnCode = (code: number, topic?: string) =>
    code === 0 ? Effect.void : Effect.fail(classifyError(createErrorFromCode(code), { brokers, topic }))

  const withoutTopic: ClusterClient["withoutTopic"] = (topic) => {
    const code = metadata.obstacleTo(topic)
    return code === 0
      ? because(new NoSuchTopic({ topic }))
      : classifyError(createErrorFromCode(code), { brokers, topic })
  }

  // kafkajs tries one address of the list at a time, and another one only when a connection is lost: one that keeps silent
  // is cut, and leaves time for the others. The next round is more patient, so that a slow network is not taken for silent
  // brokers.
  const addresses = Math.max(1, brokers.length)
  let silences = 0
  const connect = Effect.suspend(() => {
    if (cluster.isConnected()) return Effect.void
    const rounds = 2 ** Math.floor(silences / addresses)
    const fairMillis = Math.max(leastConnectMillis, settings.startTimeoutMillis / addresses) * rounds
    const timeoutMillis = Math.min(requestTimeoutMillis + graceMillis, fairMillis)
    return call("connecting", () => cluster.connect(), { timeoutMillis }).pipe(
      Effect.tap(() => Effect.sync(() => (silences = 0))),
      Effect.tapError(({ reason }) =>
        Effect.sync(() => {
          if (reason._tag !== "NoAnswer") return
          silences++
          const silent = cluster.brokerPool.seedBroker
          if (silent !== undefined) sockets.cut("a broker of the bootstrap list did not answer", addressOf(silent))
        })
      )
    )
  })
  const noLeader = because(new Unavailable({ code: "LEADER_NOT_AVAILABLE", detail: "the partition has no leader now" }))
  const broker: ClusterClient["broker"] = (nodeId, timeoutMillis = requestTimeoutMillis + graceMillis) =>
    Effect.suspend(() => {
      if (nodeId < 0) return Effect.fail(noLeader)
      const known = cluster.brokerPool.brokers[nodeId]
      // On the path of every write and fetch: no promise and no timer for what is there.
      if (known?.isConnected() === true) return Effect.succeed(known)
      return call(`connecting to broker ${nodeId}`, () => cluster.findBroker({ nodeId }), { timeoutMillis })
    })
  const anyBroker = call("connecting to a broker", () => cluster.brokerPool.findConnectedBroker())
  const look = <A>(what: string, ask: () => Promise<A>) =>
    call(what, ask, { timeoutMillis: metadataTimeoutMillis }).pipe(
      // Any broker can be asked: a silent one is cut, and the next look goes to another.
      Effect.tapError(({ reason }) =>
        Effect.sync(() => {
          if (reason._tag !== "NoAnswer") return
          for (const silent of asked) sockets.cut("a look at the metadata was not answered", addressOf(silent))
        })
      )
    )
  const describe: ClusterClient["describe"] = (topics) =>
    look("describing topics", async () => {
      const broker = await cluster.brokerPool.findConnectedBroker()
      return (await broker.metadata(topics)).topicMetadata
    })
  const fetchMetadata = look("fetching metadata", () => cluster.refreshMetadata())
  const refresh = Effect.andThen(connect, fetchMetadata).pipe(
    Effect.andThen(Effect.sync(() => metadata.forgetMissing()))
  )

  const untilStarted: ClusterClient["untilStarted"] = (effect, timeoutMillis = settings.startTimeoutMillis) =>
    Effect.suspend(() => {
      const end = monotonicMillis(clock) + timeoutMillis
      let last: TransportError | undefined
      return effect.pipe(
        Effect.tapError((error) => Effect.sync(() => (last = error))),
        Effect.retry({
          schedule: Schedule.spaced(startRetryMillis),
          while: (error) => {
            const left = end - monotonicMillis(clock)
            return error.reason._tag === "NoSuchTopic"
              ? left > timeoutMillis - newTopicMillis
              : error.isRetryable && left > 0
          }
        }),
        Effect.timeoutOrElse({
          duration: timeoutMillis,
          orElse: () => Effect.fail(last ?? because(new NoAnswer({ detail: `not done in ${timeoutMillis} ms` })))
        })
      )
    })

  return {
    settings,
    cluster,
    logger,
    metadata,
    call,
    failOnCode,
    withoutTopic,
    broker,
    anyBroker,
    describe,
    refresh,
    untilStarted,
    cut: (reason, broker) => sockets.cut(reason, broker && addressOf(broker))
  }
})

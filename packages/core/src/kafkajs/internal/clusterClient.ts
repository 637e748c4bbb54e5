/**
 * The cluster as one transport knows it: its brokers, its connections by purpose, and its metadata. Every operation is an
 * effect with typed errors and a time limit; closing the scope leaves no socket and no timer behind.
 *
 * Where it stops: `brokerWatch` judges which brokers are silent, and the callers decide what to ask.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { EventLoop } from "../../host/EventLoop.ts"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import { because, NoSuchTopic, type TransportError, Unavailable } from "../../kafka/TransportError.ts"
import type { TopicMetadata } from "../../protocol/metadataCodec.ts"
import { keepCauses } from "./authentication.ts"
import { Background } from "./background.ts"
import type { BrokerConnection, ConnectionSetup } from "./brokerConnection.ts"
import { BrokerConnector } from "./brokerConnector.ts"
import { BrokerDirectory } from "./brokerDirectory.ts"
import { errorOfCode } from "./brokerError.ts"
import { type AskOptions, BrokerRequests, type BuildRequest, type Question } from "./brokerRequests.ts"
import { BrokerWatch } from "./brokerWatch.ts"
import type { ClientSettings } from "./clientSettings.ts"
import { ForeignCalls } from "./foreignCall.ts"
import { makeLogger } from "./logBridge.ts"
import { MetadataSource } from "./metadataSource.ts"
import { MetadataView } from "./metadataView.ts"
import { SocketRegistry } from "./socketRegistry.ts"
import { makeThrottleReport } from "./throttleReport.ts"
import { untilStarted } from "./untilStarted.ts"

export interface ClusterClient {
  readonly settings: ClientSettings
  readonly metadata: MetadataView
  /** Fails with what a Kafka error code means; succeeds on 0. */
  readonly failOnCode: (code: number, topic?: string) => Effect.Effect<void, TransportError>
  /** Why a topic is not in the metadata. */
  readonly withoutTopic: (topic: string) => TransportError
  /**
   * An open connection to a broker. Fails at once while the broker is suspected. When it fails, nothing was sent.
   */
  readonly connect: (
    nodeId: number,
    purpose: string,
    timeoutMillis?: number
  ) => Effect.Effect<BrokerConnection, TransportError>
  /** Sends a request and gives the whole answer, error codes included. */
  readonly ask: <A>(
    connection: BrokerConnection,
    what: string,
    build: BuildRequest,
    options?: AskOptions
  ) => Effect.Effect<A, TransportError>
  /** Asks any broker, and another one as well when the first takes its time. */
  readonly askAny: <A>(what: string, question: Question<A>) => Effect.Effect<A, TransportError>
  /** Asks any broker for the metadata of these topics, past the cache. */
  readonly describe: (topics: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<TopicMetadata>, TransportError>
  /** Fetches the metadata of all registered topics. */
  readonly refresh: Effect.Effect<void, TransportError>
  /**
   * Repeats an effect that fails for a passing reason, until the start timeout (or the given one) is over. It waits one second
   * for a missing topic: brokers learn of a new topic one after the other.
   */
  readonly untilStarted: <A>(
    effect: Effect.Effect<A, TransportError>,
    timeoutMillis?: number
  ) => Effect.Effect<A, TransportError>
  /** Ends the connections of one purpose, to all brokers. */
  readonly release: (purpose: string) => void
}

const noLeader = because(new Unavailable({ code: "LEADER_NOT_AVAILABLE", detail: "the partition has no leader now" }))

/** What all connections of a client share. Its sockets end with the scope. */
const connectionSetup = Effect.fnUntraced(function* (
  settings: ClientSettings,
  now: () => number,
  background: Background
): Effect.fn.Return<ConnectionSetup, never, Scope.Scope> {
  const sockets = yield* Effect.acquireRelease(
    Effect.sync(() => new SocketRegistry()),
    (sockets) => Effect.sync(() => sockets.close())
  )
  const reportThrottle = makeThrottleReport(now)
  return {
    settings,
    logger: makeLogger(yield* Effect.context()),
    sockets,
    now,
    onThrottle: (millis) => background.start(reportThrottle(millis))
  }
})

export const make = Effect.fnUntraced(function* (
  given: ClientSettings
): Effect.fn.Return<ClusterClient, never, Scope.Scope> {
  const settings = given.sasl === undefined ? given : { ...given, sasl: keepCauses(given.sasl) }
  const { brokers, connectionTimeoutMillis, requestTimeoutMillis, startTimeoutMillis } = settings
  const clock = yield* Clock.Clock
  const eventLoop = yield* EventLoop
  const now = () => monotonicMillis(clock)
  const background = new Background(yield* Effect.context(), yield* Effect.scope)
  const metadata = new MetadataView()
  const directory = new BrokerDirectory(yield* connectionSetup(settings, now, background), metadata)
  const foreign = new ForeignCalls(brokers, eventLoop)
  const watch = new BrokerWatch({ directory, background, eventLoop, now, maxPingMillis: requestTimeoutMillis })
  const connector = new BrokerConnector(foreign, watch)
  const requests = new BrokerRequests(settings, directory, connector, foreign)
  const source = new MetadataSource(requests, directory, metadata, background)
  yield* Effect.forkScoped(watch.sweep)
  yield* Effect.forkScoped(watch.whileSuspected(source.refresh))
  yield* Effect.forkScoped(source.keepFresh)
  return {
    settings,
    metadata,
    failOnCode: (code, topic) => (code === 0 ? Effect.void : Effect.fail(errorOfCode(code, brokers, topic))),
    withoutTopic: (topic) => {
      const code = metadata.refusalTo(topic)
      return code === 0 ? because(new NoSuchTopic({ topic })) : errorOfCode(code, brokers, topic)
    },
    connect: (nodeId, purpose, timeoutMillis = connectionTimeoutMillis) =>
      Effect.suspend(() => {
        const node = directory.get(nodeId)
        return node === undefined ? Effect.fail(noLeader) : connector.connect(node, purpose, timeoutMillis)
      }),
    ask: (connection, what, build, options) => requests.ask(connection, what, build, options),
    askAny: (what, question) => requests.askAny(what, question),
    describe: (topics) => Effect.map(source.fetch(topics), (answer) => answer.topics),
    refresh: source.refresh,
    untilStarted: (effect, timeoutMillis = startTimeoutMillis) => untilStarted(effect, now, timeoutMillis),
    release: (purpose) => {
      for (const node of directory.all) node.release(purpose)
    }
  }
})

/**
 * The cluster as one transport knows it: its brokers, connections by purpose, and metadata; as effects with typed errors
 * and a time limit on everything, and with an end that leaves no socket and no timer behind.
 *
 * Where it stops: who keeps silent is judged by `brokerWatch`, what is asked is the business of the callers.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { EventLoop } from "../../host/EventLoop.ts"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import { because, NoSuchTopic, type TransportError, Unavailable, Unreachable } from "../../kafka/TransportError.ts"
import type { Metadata, TopicMetadata } from "../../protocol/metadataCodec.ts"
import { classifyError } from "../classifyError.ts"
import { askInTurn } from "./askInTurn.ts"
import { keepCauses } from "./authentication.ts"
import type { BrokerConnection } from "./brokerConnection.ts"
import { BrokerDirectory } from "./brokerDirectory.ts"
import type { BrokerNode } from "./brokerNode.ts"
import * as BrokerWatch from "./brokerWatch.ts"
import type { ClientSettings } from "./clientSettings.ts"
import * as ForeignCall from "./foreignCall.ts"
import { type ApiVersions, createErrorFromCode, type ProtocolRequest } from "./kafkajsInternals.ts"
import { makeLogger } from "./logBridge.ts"
import { metadataRequest } from "./metadataRequest.ts"
import { isMissing, MetadataView } from "./metadataView.ts"
import { SocketRegistry } from "./socketRegistry.ts"
import { makeThrottleReport } from "./throttleReport.ts"
import { untilStarted } from "./untilStarted.ts"

/** The request in a version that the broker knows. */
export type BuildRequest = (versions: ApiVersions) => ProtocolRequest

export interface AskOptions {
  /** How long the broker may hold its answer back. Default: not at all. */
  readonly holdMillis?: number
  /** After this the connection is cut, and what waits on it fails. Default: the request timeout. */
  readonly timeoutMillis?: number
  readonly topic?: string
}

export interface ClusterClient {
  readonly settings: ClientSettings
  readonly metadata: MetadataView
  /** Fails with what a Kafka error code means; succeeds on 0. */
  readonly failOnCode: (code: number, topic?: string) => Effect.Effect<void, TransportError>
  /** Why a topic is not in the metadata. */
  readonly withoutTopic: (topic: string) => TransportError
  /**
   * An open connection to a broker. Fails at once while the broker is suspected. What fails here was never sent.
   */
  readonly connect: (
    nodeId: number,
    purpose: string,
    timeoutMillis?: number
  ) => Effect.Effect<BrokerConnection, TransportError>
  /** Sends a request; the whole answer, whatever error codes it has. */
  readonly ask: <A>(
    connection: BrokerConnection,
    what: string,
    build: BuildRequest,
    options?: AskOptions
  ) => Effect.Effect<A, TransportError>
  /** Asks any broker: another one beside the first when it takes its time. */
  readonly askAny: <A>(
    what: string,
    question: (connection: BrokerConnection) => Effect.Effect<A, TransportError>
  ) => Effect.Effect<A, TransportError>
  /** Asks any broker for the metadata of these topics, past what is cached. */
  readonly describe: (topics: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<TopicMetadata>, TransportError>
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
  /** Ends the connections of one purpose, to all brokers. */
  readonly release: (purpose: string) => void
}

const lookMillis = 3_000
const metadataAge = "20 seconds"
const metadataPurpose = "metadata"

/** Codes that kafkajs does not know: the topic was made anew. */
const unknownTopicIds = new Map([
  [100, "UNKNOWN_TOPIC_ID"],
  [103, "INCONSISTENT_TOPIC_ID"]
])

export const make = Effect.fnUntraced(function* (
  given: ClientSettings
): Effect.fn.Return<ClusterClient, never, Scope.Scope> {
  const settings = given.sasl === undefined ? given : { ...given, sasl: keepCauses(given.sasl) }
  const { brokers, connectionTimeoutMillis, requestTimeoutMillis } = settings
  const clock = yield* Clock.Clock
  const eventLoop = yield* EventLoop
  const scope = yield* Effect.scope
  const context = yield* Effect.context()
  const run = Effect.runForkWith(context)
  const now = () => monotonicMillis(clock)
  const foreign = ForeignCall.make(brokers, eventLoop)
  const sockets = yield* Effect.acquireRelease(
    Effect.sync(() => new SocketRegistry()),
    (sockets) => Effect.sync(() => sockets.close())
  )
  const metadata = new MetadataView()
  const reportThrottle = makeThrottleReport(now)
  const setup = {
    settings,
    logger: makeLogger(context),
    sockets,
    now,
    onThrottle: (millis: number) => void run(reportThrottle(millis))
  }

  const directory = new BrokerDirectory(setup, metadata)

  const failOnCode = (code: number, topic?: string) => {
    if (code === 0) return Effect.void
    const id = unknownTopicIds.get(code)
    if (id !== undefined) return Effect.fail(because(new Unavailable({ code: id, detail: topic ?? "" })))
    return Effect.fail(classifyError(createErrorFromCode(code), { brokers, topic }))
  }
  const withoutTopic: ClusterClient["withoutTopic"] = (topic) => {
    const code = metadata.refusalTo(topic)
    return code === 0
      ? because(new NoSuchTopic({ topic }))
      : classifyError(createErrorFromCode(code), { brokers, topic })
  }

  const watch: BrokerWatch.BrokerWatch = yield* BrokerWatch.make({
    now,
    eventLoop,
    isKnown: (node) => directory.isKnown(node),
    nodes: () => directory.all,
    refresh: Effect.suspend(() => refresh),
    maxPingMillis: requestTimeoutMillis
  })

  const open = Effect.fnUntraced(function* (node: BrokerNode, purpose: string, timeoutMillis: number) {
    const connection = node.connection(purpose)
    yield* foreign(() => connection.open(), { what: `connecting to ${node.name}`, timeoutMillis }).pipe(
      Effect.mapError((error) =>
        error.reason._tag === "Unreachable"
          ? because(new Unreachable({ brokers: [node.address], detail: error.reason.detail }))
          : error
      ),
      Effect.tapError(({ reason }) =>
        Effect.sync(() => {
          if (reason._tag === "NoAnswer") {
            connection.cut("it did not connect in time")
            watch.doubt(node)
          } else if (reason._tag === "Unreachable" && isRefusal(reason.detail)) watch.refused(node, reason.detail)
        })
      )
    )
    return connection
  })
  const connectTo = (node: BrokerNode, purpose: string, timeoutMillis: number) =>
    Effect.suspend((): Effect.Effect<BrokerConnection, TransportError> => {
      const refusal = watch.refusal(node)
      if (refusal !== undefined) return Effect.fail(refusal)
      const connection = node.connection(purpose)
      const throttledMillis = connection.progress.throttledMillis
      if (throttledMillis >= timeoutMillis) {
        const detail = `${node.name} has asked this client for ${Math.round(throttledMillis)} ms of quiet (quota)`
        return Effect.fail(because(new Unavailable({ code: "THROTTLING_QUOTA_EXCEEDED", detail })))
      }
      // On the path of every write and fetch: no promise and no timer for what is there.
      const opened = connection.isOpen ? Effect.succeed(connection) : open(node, purpose, timeoutMillis)
      return throttledMillis > 0 ? Effect.andThen(Effect.sleep(throttledMillis), opened) : opened
    })
  const noLeader = because(new Unavailable({ code: "LEADER_NOT_AVAILABLE", detail: "the partition has no leader now" }))
  const connect: ClusterClient["connect"] = (nodeId, purpose, timeoutMillis = connectionTimeoutMillis) =>
    Effect.suspend(() => {
      const node = directory.get(nodeId)
      return node === undefined ? Effect.fail(noLeader) : connectTo(node, purpose, timeoutMillis)
    })

  const ask: ClusterClient["ask"] = <A>(
    connection: BrokerConnection,
    what: string,
    build: BuildRequest,
    { holdMillis = 0, timeoutMillis = requestTimeoutMillis, topic }: AskOptions = {}
  ) =>
    foreign(() => connection.send(build, holdMillis) as Promise<A>, {
      what,
      timeoutMillis,
      topic,
      throttledMillis: () => connection.progress.throttledMillis
    }).pipe(
      Effect.tapError(({ reason }) =>
        Effect.sync(() => {
          // Whatever is behind it on the connection waits in vain, too.
          if (reason._tag === "NoAnswer") connection.cut(`${what} was not answered`)
        })
      )
    )

  const askAny: ClusterClient["askAny"] = (what, question) =>
    Effect.suspend(() => {
      const none = because(new Unreachable({ brokers, detail: what }))
      return askInTurn(
        directory.candidates.map((node) => Effect.flatMap(connectTo(node, metadataPurpose, lookMillis), question)),
        none
      )
    })

  const askMetadata = (topics: ReadonlyArray<string>) => (connection: BrokerConnection) =>
    ask<Metadata>(connection, "asking for metadata", metadataRequest(topics), { timeoutMillis: lookMillis }).pipe(
      Effect.map((answer) => ({ answer, address: connection.address }))
    )
  /**
   * The metadata of some topics. What one broker misses, and we know, another one must miss too: one that has just started
   * knows no topics yet.
   */
  const fetchMetadata = Effect.fnUntraced(function* (topics: ReadonlyArray<string>) {
    const { address, answer } = yield* askAny("asking for metadata", askMetadata(topics))
    const isDoubtful = answer.topics.some((topic) => isMissing(topic) && metadata.partitions(topic.topic) !== undefined)
    if (!isDoubtful) return answer
    const others = directory.candidates.filter((node) => node.address !== address && node.suspectedSince === undefined)
    const second = yield* askInTurn(
      others.map((node) => Effect.flatMap(connectTo(node, metadataPurpose, lookMillis), askMetadata(topics))),
      because(new Unreachable({ brokers, detail: "no other broker" }))
    ).pipe(Effect.option)
    if (second._tag === "None") return answer
    const known = new Map(second.value.answer.topics.map((topic) => [topic.topic, topic]))
    return {
      ...answer,
      topics: answer.topics.map((said) => (isMissing(said) ? (known.get(said.topic) ?? said) : said))
    }
  })

  // Whoever asks while the same is being asked waits for that answer.
  let looking:
    | { readonly topics: ReadonlySet<string>; readonly done: Deferred.Deferred<void, TransportError> }
    | undefined
  const refresh: Effect.Effect<void, TransportError> = Effect.suspend(() => {
    if (looking !== undefined && [...metadata.targets].every((topic) => looking?.topics.has(topic)))
      return Deferred.await(looking.done)
    const topics = new Set(metadata.targets)
    const own = { topics, done: Deferred.makeUnsafe<void, TransportError>() }
    looking = own
    const look = fetchMetadata([...topics]).pipe(
      Effect.flatMap((answer) =>
        Effect.sync(() => {
          metadata.absorb(answer)
          directory.forgetGone()
        })
      ),
      Effect.onExit((exit) =>
        Effect.sync(() => {
          if (looking === own) looking = undefined
          Deferred.doneUnsafe(own.done, exit)
        })
      )
    )
    run(Effect.forkIn(Effect.ignoreCause(look), scope))
    return Deferred.await(own.done)
  })
  yield* refresh.pipe(Effect.ignore, Effect.delay(metadataAge), Effect.forever, Effect.forkScoped)

  const describe: ClusterClient["describe"] = (topics) => Effect.map(fetchMetadata(topics), (answer) => answer.topics)

  return {
    settings,
    metadata,
    failOnCode,
    withoutTopic,
    connect,
    ask,
    askAny,
    describe,
    refresh,
    untilStarted: (effect, timeoutMillis = settings.startTimeoutMillis) => untilStarted(effect, now, timeoutMillis),
    release: (purpose) => {
      for (const node of directory.all) node.release(purpose)
    }
  }
})

/** Nobody listens there, or the way there is cut: told apart from a connection that was made and lost. */
function isRefusal(detail: string): boolean {
  return /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|ETIMEDOUT|Connection timeout/.test(detail)
}

/**
 * The transport over kafkajs 2.2.4.
 *
 * One client for writing and topics, one per partition reader, one per group member; what kafkajs gets wrong is repaired
 * or passed by inside `internal/` (docs/adr/0002). Nothing outside this folder knows kafkajs.
 */
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Publisher from "../transport/Publisher.ts"
import { Transport } from "../transport/Transport.ts"
import { because, Refused, type TransportError, Unreachable } from "../transport/TransportError.ts"
import * as BrokerList from "./BrokerList.ts"
import type { ClientSettings } from "./internal/clientSettings.ts"
import * as ClusterClient from "./internal/clusterClient.ts"
import * as GroupMember from "./internal/groupMember.ts"
import { installedVersion, knownVersion, type Sasl, type Ssl } from "./internal/kafkajsInternals.ts"
import * as PartitionReader from "./internal/partitionReader.ts"
import * as ProducerLink from "./internal/producerLink.ts"
import * as TopicAdmin from "./internal/topicAdmin.ts"

export interface Options {
  /** The bootstrap list, `host:port` each; one that answers is enough. */
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
   * How long a broker may take to answer before its connection is cut (default 10 seconds). Below 5 seconds a stalled
   * event loop is mistaken for a silent broker.
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
  readonly publisher?: Partial<Publisher.Options> | undefined
}

const toSettings = (options: Options): ClientSettings => ({
  brokers: options.brokers,
  clientId: options.clientId,
  ssl: options.ssl,
  sasl: options.sasl,
  connectionTimeoutMillis: Duration.toMillis(options.connectionTimeout ?? "3 seconds"),
  requestTimeoutMillis: Duration.toMillis(options.requestTimeout ?? "10 seconds"),
  startTimeoutMillis: Duration.toMillis(options.startTimeout ?? "4500 millis"),
  maxWaitMillis: Duration.toMillis(options.maxWait ?? "500 millis"),
  sessionTimeoutMillis: Duration.toMillis(options.sessionTimeout ?? "10 seconds"),
  heartbeatMillis: Duration.toMillis(options.heartbeatInterval ?? "250 millis")
})

/** Connects; fails within the start timeout, naming the bootstrap list, when no broker answers. */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<Transport["Service"], TransportError, Scope.Scope> {
  const settings = toSettings(options)
  if (installedVersion !== knownVersion) {
    const detail = `kafkajs ${installedVersion} is installed, and the driver is built on the internals of ${knownVersion}; install exactly that`
    return yield* because(new Refused({ code: "KAFKAJS_VERSION", detail }))
  }
  const client = yield* ClusterClient.make(settings)
  yield* client
    .untilStarted(client.refresh)
    .pipe(
      Effect.mapError((error) =>
        error.isRetryable ? because(new Unreachable({ brokers: settings.brokers, detail: error.message })) : error
      )
    )
  const link = yield* ProducerLink.make(client)
  const publisher = yield* Publisher.make(link, options.publisher)
  return Transport.of({
    publisher,
    topics: TopicAdmin.make(client),
    readPartition: (read) => PartitionReader.readPartition(settings, read),
    joinGroup: (join) => GroupMember.joinGroup(settings, join)
  })
})

export const layer = (options: Options): Layer.Layer<Transport, TransportError> =>
  Layer.effect(Transport, make(options))

/** `KAFKA_BROKERS` (host:port, separated by commas) and `KAFKA_CLIENT_ID` (default `kafka-request-reply`). */
export const options: Config.Config<Options> = Config.all({
  brokers: BrokerList.config("KAFKA_BROKERS"),
  clientId: Config.NonEmptyString("KAFKA_CLIENT_ID").pipe(Config.withDefault("kafka-request-reply"))
})

/** The transport with its options from the configuration, or with some of them given. */
export const layerConfig = (
  config: Config.Wrap<Options> = options
): Layer.Layer<Transport, TransportError | Config.ConfigError> =>
  Layer.effect(Transport, Effect.flatMap(Config.unwrap(config), make))

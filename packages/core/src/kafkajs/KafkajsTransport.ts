/**
 * The transport over kafkajs 2.2.4.
 *
 * One client for everything, with a connection per purpose (docs/adr/0015); what kafkajs gets wrong is repaired or passed by
 * inside `internal/` (docs/adr/0002). Nothing outside this folder knows kafkajs.
 *
 * @example
 * ```ts
 * import * as KafkajsTransport from "@kafka-request-reply/core/KafkajsTransport"
 * import { Config } from "effect"
 *
 * export const local = KafkajsTransport.layer({ brokers: ["localhost:9092"], clientId: "shop" })
 *
 * // KAFKA_BROKERS and KAFKA_CLIENT_ID, and settings of the program's own.
 * export const configured = KafkajsTransport.layerConfig({
 *   brokers: Config.succeed(["kafka.example.org:9093"]),
 *   clientId: Config.NonEmptyString("APP_NAME"),
 *   ssl: Config.succeed(true)
 * })
 * ```
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as OptionRules from "../settings/OptionRules.ts"
import { Transport } from "../kafka/Transport.ts"
import { because, Misconfigured, type TransportError, Unreachable } from "../kafka/TransportError.ts"
import * as BrokerList from "./BrokerList.ts"
import { type ClientOptions, rules, toSettings } from "./internal/clientSettings.ts"
import * as ClusterClient from "./internal/clusterClient.ts"
import { groupSize } from "./internal/groupDescription.ts"
import * as GroupMember from "./internal/groupMember.ts"
import { installedVersion, knownVersion } from "./internal/kafkajsInternals.ts"
import * as PartitionReader from "./internal/partitionReader.ts"
import * as ProducerLink from "./internal/producerLink.ts"
import * as TopicAdmin from "./internal/topicAdmin.ts"

export type { ClientOptions } from "./internal/clientSettings.ts"
export type { Sasl, Ssl } from "./internal/kafkajsInternals.ts"

export type Options = ClientOptions

/** Connects; fails within the start timeout, naming the bootstrap list, when no broker answers. */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<Transport["Service"], TransportError, Scope.Scope> {
  const wrong = OptionRules.invalidIn(options, rules)
  if (wrong !== undefined) return yield* because(new Misconfigured({ detail: OptionRules.describe(wrong) }))
  const settings = toSettings(options)
  if (installedVersion !== knownVersion) {
    const detail = `kafkajs ${installedVersion} is installed, and the driver is built on the internals of ${knownVersion}; install exactly that`
    return yield* because(new Misconfigured({ detail }))
  }
  const client = yield* ClusterClient.make(settings)
  yield* client.untilStarted(client.refresh).pipe(
    // The failure names the broker that was tried last: the whole list is what there is to check.
    Effect.mapError((error) => {
      if (!error.isRetryable) return error
      const detail = error.reason._tag === "Unreachable" ? error.reason.detail : error.message
      return because(new Unreachable({ brokers: settings.brokers, detail, cause: error }))
    })
  )
  const link = yield* ProducerLink.make(client)
  return Transport.of({
    link,
    topics: TopicAdmin.make(client),
    readPartition: (read) => PartitionReader.readPartition(client, read),
    joinGroup: (join) => GroupMember.joinGroup(client, join),
    groupSize: (groupId) => groupSize(client, groupId)
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

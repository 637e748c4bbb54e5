/**
 * The settings of the dev broker, by the names of their environment variables.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { because, SystemFailed } from "./DevKafkaError.ts"
import { defaultDevFolder } from "./internal/devFolder.ts"

const config = Config.all({
  /** A Kafka to use instead of one of our own: `host:port`, comma separated. */
  configured: Config.Array(Schema.NonEmptyString, "KAFKA_BROKERS").pipe(Config.withDefault([])),
  /** Where the dev broker listens; with three brokers the next two ports as well. */
  port: Config.Port("DEV_KAFKA_PORT").pipe(Config.withDefault(9092)),
  /** Jars, data, state and locks; all of it can be deleted when nothing runs. */
  folder: Config.String("DEV_KAFKA_FOLDER").pipe(Config.withDefault(defaultDevFolder))
})

export type DevSettings = Config.Success<typeof config>

/** The settings as they are now. */
export const devSettings = Effect.mapError(config, (cause) =>
  because(new SystemFailed({ detail: `wrong setting: ${cause.message}`, cause }))
)

/** What belongs to the dev broker of this port alone: its lock, its state and its data. */
export const brokerFolder = (settings: DevSettings): string => `${settings.folder}/dev-${settings.port}`

/** The dev broker's bootstrap address. */
export const localAddress = (settings: { readonly port: number }): string => `localhost:${settings.port}`

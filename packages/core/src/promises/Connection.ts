/**
 * Where a program of promises finds Kafka: the options of the kafkajs driver, or a transport of the program's own.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Options as KafkajsOptions } from "../kafkajs/KafkajsTransport.ts"
import type { Transport } from "../kafka/Transport.ts"

/** The brokers, and how to reach them. */
export interface Brokers extends Omit<KafkajsOptions, "clientId"> {
  /** The name brokers show in their logs and quotas. Default `kafka-request-reply`. */
  readonly clientId?: string | undefined
  readonly transport?: undefined
}

/** A transport instead of brokers, such as `MemoryTransport.share()` in tests. It is closed with what uses it. */
export interface Given {
  readonly transport: Layer.Layer<Transport, unknown>
  readonly brokers?: undefined
}

export type Connection = Brokers | Given

/** What a contract needs besides Kafka, when its schemas or its middleware need services. */
export type Services<Needs> = [Needs] extends [never]
  ? { readonly services?: undefined }
  : {
      /** What the contract's schemas and middleware need. */
      readonly services: Layer.Layer<Needs, unknown>
    }

/** The transport of a connection. The driver, whose options these are then, is loaded only when it is needed. */
export const transportOf = (connection: Connection): Layer.Layer<Transport, unknown> =>
  connection.transport ??
  Layer.unwrap(
    Effect.map(
      Effect.promise(() => import("../kafkajs/KafkajsTransport.ts")),
      (KafkajsTransport) =>
        KafkajsTransport.layer({ ...connection, clientId: connection.clientId ?? "kafka-request-reply" })
    )
  )

/**
 * The requester over Kafka, or over a Kafka and a responder inside this process.
 */
import { type Inventory, named } from "@kafka-request-reply/contracts/Inventory"
import * as Requester from "@kafka-request-reply/core/Requester"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Settings } from "./Settings.ts"

// An unreachable broker is reported within 5 seconds of the program's start, its loading included.
const connectTimeout = "3 seconds"

const requester = (settings: Settings) =>
  Requester.layer(named(settings.name), {
    topics: settings.topics,
    partitions: settings.partitions,
    timeout: settings.timeout,
    maxInFlight: Math.max(10_000, settings.concurrency),
    drainTimeout: settings.drainTimeout
  })

/** Connects to the brokers of the settings. */
export const kafka = (settings: Settings) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const KafkajsTransport = yield* Effect.promise(() => import("@kafka-request-reply/core/KafkajsTransport"))
      const transport = KafkajsTransport.layer({
        brokers: settings.brokers,
        clientId: "inventory-requester",
        startTimeout: connectTimeout
      })
      return requester(settings).pipe(Layer.provide(transport))
    })
  )

/** Kafka in memory, with a responder on a database in memory, all in this process. */
export const memory = (settings: Settings) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const Memory = yield* Effect.promise(() => import("./Memory.ts"))
      return requester(settings).pipe(Layer.provide(Memory.layer(settings)))
    })
  )

type Failure = Layer.Error<ReturnType<typeof kafka>> | Layer.Error<ReturnType<typeof memory>>

/** Either of the two. */
export const layer = (settings: Settings, isInMemory: boolean): Layer.Layer<Requester.Of<typeof Inventory>, Failure> =>
  isInMemory ? memory(settings) : kafka(settings)

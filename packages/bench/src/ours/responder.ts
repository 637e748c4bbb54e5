/**
 * This project's responder as a measured process. Ends when its parent closes its input.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as KafkajsTransport from "@kafka-request-reply/core/KafkajsTransport"
import * as Responder from "@kafka-request-reply/core/Responder"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { untilOrphaned } from "../internal/orphan.ts"

// Compiles schemas to code; only schemas made after it profit.
await import("effect/schema/SchemaJITCompiler/enable")
const { Bench, handlers } = await import("./BenchContract.ts")

const responder = Responder.layer(Bench, { topics: "create", partitions: 1, startTimeout: "1 minute" }).pipe(
  Layer.provide(handlers),
  Layer.provide(KafkajsTransport.layerConfig())
)

Console.log("ready").pipe(Effect.andThen(untilOrphaned), Effect.provide(responder), NodeRuntime.runMain)

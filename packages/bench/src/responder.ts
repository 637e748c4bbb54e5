/**
 * The responder's half of the measurement, a process of its own. Ends when its parent closes its input.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as KafkajsTransport from "@kafka-request-reply/core/KafkajsTransport"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { untilOrphaned } from "./internal/orphan.ts"

// Compiles schemas to code; only schemas made after it profit.
await import("effect/schema/SchemaJITCompiler/enable")
const { layer } = await import("./StockServer.ts")
const { idle } = await import("./Idle.ts")

Effect.gen(function* () {
  yield* Console.log(JSON.stringify({ name: "idle responder", value: yield* idle }))
  yield* Console.log("serving")
  yield* untilOrphaned
}).pipe(Effect.provide(layer(1).pipe(Layer.provide(KafkajsTransport.layerConfig()))), NodeRuntime.runMain)

/**
 * The requester's half of the measurement, a process of its own: prints one JSON line for each thing measured.
 */
import "effect/schema/SchemaJITCompiler/enable"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as KafkajsTransport from "@kafka-request-reply/core/kafkajs/KafkajsTransport"
import * as Requester from "@kafka-request-reply/core/requester/Requester"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Load from "./Load.ts"
import * as Report from "./Report.ts"

const { Bench, sku } = await import("./StockServer.ts")

const print = (measured: Report.Measured) => Console.log(JSON.stringify(measured))

const requester = Requester.layer([Bench], { topics: "create", partitions: 1, maxInFlight: 20_000 })

/** Resident set, in MB. */
const resident = () => process.memoryUsage().rss / 2 ** 20

const measure = Effect.gen(function* () {
  yield* print({ name: "ready", value: performance.now() })
  const client = yield* Requester.client(Bench)
  const call = client.GetStock({ sku })

  const idleSeconds = 10
  yield* Effect.sleep("1 second")
  const cpu = process.cpuUsage()
  yield* Effect.sleep(`${idleSeconds} seconds`)
  const { system, user } = process.cpuUsage(cpu)
  yield* print({ name: "idle", value: (user + system) / idleSeconds / 10_000 })

  yield* Load.run(call, { inFlight: 256, calls: 40_000 })
  for (const load of Report.loads) yield* print({ name: "load", figures: yield* Load.run(call, load) })

  const before = resident()
  let highest = before
  const watch = Effect.sync(() => {
    highest = Math.max(highest, resident())
  }).pipe(Effect.delay("20 millis"), Effect.forever)
  const watching = yield* Effect.forkChild(watch)
  yield* Load.run(call, { inFlight: 10_000, calls: 50_000 })
  yield* Fiber.interrupt(watching)
  yield* print({ name: "memory", value: highest })
})

measure.pipe(
  Effect.provide(requester.pipe(Layer.provide(KafkajsTransport.layerConfig()))),
  NodeRuntime.runMain
)

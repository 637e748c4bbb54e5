/**
 * The requester's half of the measurement: prints one JSON line for each thing measured.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as KafkajsTransport from "@kafka-request-reply/core/KafkajsTransport"
import * as Requester from "@kafka-request-reply/core/Requester"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { idle } from "./Idle.ts"
import * as Load from "./Load.ts"
import * as Report from "./Report.ts"
import { Bench, sku, Unanswered } from "./StockServer.ts"

const print = (measured: Report.Measured) => Console.log(JSON.stringify(measured))

const requester = Requester.layer([Bench, Unanswered], { topics: "create", partitions: 1, maxInFlight: 20_000 })

const held = 10_000

/** The highest resident set, in MB, while so many calls wait for an answer that does not come. */
const memory = Effect.gen(function* () {
  const client = yield* Requester.client(Unanswered)
  const calls = yield* Effect.forEach(Array.from({ length: held }), () =>
    Effect.forkChild(client.GetStock({ sku }).pipe(Requester.withTimeout("1 minute")))
  )
  let highest = 0
  const look = Effect.sync(() => {
    highest = Math.max(highest, process.memoryUsage().rss / 2 ** 20)
  })
  yield* look.pipe(Effect.andThen(Effect.sleep("50 millis")), Effect.repeat({ times: 60 }))
  yield* Fiber.interruptAll(calls)
  return highest
})

const measure = Effect.gen(function* () {
  yield* print({ name: "ready", value: performance.now() })
  yield* print({ name: "idle requester", value: yield* idle })
  yield* print({ name: "memory", value: yield* memory })
  const client = yield* Requester.client(Bench)
  const usage = client.Usage()
  let claims = 0
  const calls = {
    GetStock: () => client.GetStock({ sku }),
    Claim: () => client.Claim({ id: `claim-${claims++}` })
  }
  for (const operation of Report.operations) yield* Load.run(calls[operation], usage, Report.warmUp)
  for (const load of Report.loads) {
    for (const operation of Report.operations) {
      yield* print({ name: "load", operation, figures: yield* Load.run(calls[operation], usage, load) })
    }
  }
})

/** Runs it as the process's program. */
export const run = (): void =>
  measure.pipe(Effect.provide(requester.pipe(Layer.provide(KafkajsTransport.layerConfig()))), NodeRuntime.runMain)

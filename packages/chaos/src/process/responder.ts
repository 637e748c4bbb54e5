/**
 * A responder under chaos. Arguments: its name, the folder of journals. Drains on SIGTERM; SIGUSR2 blocks its event loop
 * for eight seconds.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as KafkajsTransport from "@kafka-request-reply/core/KafkajsTransport"
import * as Responder from "@kafka-request-reply/core/Responder"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Chaos } from "../Contract.ts"
import { Journal } from "../Journal.ts"
import { watchStalls } from "./Stalls.ts"

const [name = "", folder = ""] = process.argv.slice(2)
const journal = new Journal(folder, name)
const blockMillis = 8_000

const done = Effect.fnUntraced(function* (id: string, millis: number, key?: string) {
  const clock = yield* Clock.Clock
  journal.write({ type: "run", at: clock.currentTimeMillisUnsafe(), id, key })
  yield* Effect.sleep(millis)
  journal.write({ type: "effect", at: clock.currentTimeMillisUnsafe(), id, key })
  return name
})

const handlers = Chaos.toLayer(
  Effect.succeed(
    Chaos.of({
      Look: ({ id, millis }) => done(id, millis),
      Act: ({ id, millis }) => done(id, millis),
      Append: ({ id, key, millis }) => done(id, millis, key)
    })
  )
)

const responder = Responder.layer(Chaos, { topics: "create", instance: name, startTimeout: "2 minutes" }).pipe(
  Layer.provide(handlers),
  Layer.provide(KafkajsTransport.layerConfig())
)

process.on("SIGUSR2", () => {
  // A turn of the event loop that takes long, as a large synchronous computation does.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMillis)
})

Layer.launch(responder).pipe(Effect.raceFirst(watchStalls(journal)), NodeRuntime.runMain)

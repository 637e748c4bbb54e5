/**
 * A requester under chaos: a steady rate of calls, each written down with its outcome. Arguments: its name, the folder of
 * journals, calls per second, seconds. Ends by itself when all calls have ended.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as KafkajsTransport from "@kafka-request-reply/core/KafkajsTransport"
import { RequestError } from "@kafka-request-reply/core/RequestError"
import * as Requester from "@kafka-request-reply/core/Requester"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import { Chaos } from "../Contract.ts"
import { Journal } from "../Journal.ts"
import { watchStalls } from "./Stalls.ts"

const [name = "", folder = "", rate = "60", seconds = "60"] = process.argv.slice(2)
const journal = new Journal(folder, name)
const timeoutMillis = 30_000
const tickMillis = 50

/** How a call ended, in a word. */
const outcomeOf = (exit: Exit.Exit<unknown, unknown>): { readonly outcome: string; readonly isCertain: boolean } => {
  if (Exit.isSuccess(exit)) return { outcome: "success", isCertain: false }
  const error = Cause.squash(exit.cause)
  return error instanceof RequestError
    ? { outcome: error.reason._tag, isCertain: error.isCertainlyNotExecuted }
    : { outcome: String(error), isCertain: false }
}

/** Most handlers take up to 170 ms, a few 1.5 and 4 seconds. */
const handlerMillis = Effect.gen(function* () {
  const dice = yield* Random.next
  return dice < 0.01 ? 4_000 : dice < 0.03 ? 1_500 : Math.floor(dice * 170)
})

const program = Effect.gen(function* () {
  const client = yield* Requester.client(Chaos)
  const clock = yield* Clock.Clock
  let calls = 0

  const call = Effect.fnUntraced(function* (operation: "Look" | "Act" | "Append", key: string) {
    const id = `${name}-${calls++}`
    const millis = yield* handlerMillis
    const at = clock.currentTimeMillisUnsafe()
    journal.write({ type: "call", at, id, operation, deadline: at + timeoutMillis })
    const made =
      operation === "Append"
        ? client.Append({ id, key, millis }).pipe(Requester.withRoutingKey(key))
        : client[operation]({ id, millis })
    const exit = yield* Effect.exit(made.pipe(Requester.withTimeout(timeoutMillis)))
    const { isCertain, outcome } = outcomeOf(exit)
    journal.write({
      type: "outcome",
      at: clock.currentTimeMillisUnsafe(),
      id,
      outcome,
      isCertainlyNotExecuted: isCertain
    })
  })

  /** 30 % reads, 25 % unsafe, 45 % keyed, three of one key at a time. */
  const burst = Effect.gen(function* () {
    const dice = yield* Random.next
    if (dice < 0.42) return yield* Effect.forkChild(call("Look", ""))
    if (dice < 0.78) return yield* Effect.forkChild(call("Act", ""))
    const key = `key-${yield* Random.nextIntBetween(0, 200)}`
    return yield* Effect.forkChild(
      Effect.all([call("Append", key), call("Append", key), call("Append", key)], { concurrency: 3 })
    )
  })

  const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
  const endsAt = clock.currentTimeMillisUnsafe() + Number(seconds) * 1_000
  const perTick = (Number(rate) * tickMillis) / 1_000 / 1.44
  let due = 0
  while (clock.currentTimeMillisUnsafe() < endsAt) {
    for (due += perTick; due >= 1; due--) fibers.push(yield* burst)
    yield* Effect.sleep(tickMillis)
  }
  yield* Fiber.awaitAll(fibers)
})

const requester = Requester.layer([Chaos], {
  topics: "create",
  drainTimeout: "35 seconds",
  startTimeout: "1 minute"
}).pipe(Layer.provide(KafkajsTransport.layerConfig()))

program.pipe(Effect.raceFirst(watchStalls(journal)), Effect.provide(requester), NodeRuntime.runMain)

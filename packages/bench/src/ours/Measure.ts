/**
 * This project's requester as a measured process: reads loads from standard input and prints figures, as the other peers
 * do; a line `{"hold": n}` instead holds so many calls in flight and prints the resident memory it takes.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as KafkajsTransport from "@kafka-request-reply/core/KafkajsTransport"
import * as Requester from "@kafka-request-reply/core/Requester"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { type Figures, figuresOf, type Load } from "../Figures.ts"
import { isAnswer, type Question, questionOf } from "../Workload.ts"
import { Bench, Unanswered } from "./BenchContract.ts"

const requester = Requester.layer([Bench, Unanswered], {
  topics: "create",
  partitions: 1,
  maxInFlight: 200_000
}).pipe(Layer.provide(KafkajsTransport.layerConfig()))

/** The highest resident set, in MB, while so many calls wait for an answer that does not come. */
const hold = Effect.fnUntraced(function* (count: number) {
  const client = yield* Requester.client(Unanswered)
  const calls = yield* Effect.forEach(Array.from({ length: count }), () =>
    Effect.forkChild(client.Echo({ text: "x".repeat(40) }).pipe(Requester.withTimeout("1 minute")))
  )
  let highest = 0
  const look = Effect.sync(() => {
    highest = Math.max(highest, process.memoryUsage().rss / 2 ** 20)
  })
  yield* look.pipe(Effect.andThen(Effect.sleep("50 millis")), Effect.repeat({ times: 60 }))
  yield* Fiber.interruptAll(calls)
  return highest
})

const askerOf = Effect.gen(function* () {
  const client = yield* Requester.client(Bench)
  return ({ operation, payload }: Question): Effect.Effect<unknown, unknown> => {
    switch (operation) {
      case "GetStock":
        return client.GetStock(payload as never)
      case "Claim":
        return client.Claim(payload as never)
      default:
        return client.Echo(payload as never)
    }
  }
})

const run = Effect.fnUntraced(function* (
  ask: (question: Question) => Effect.Effect<unknown, unknown>,
  { calls, from, inFlight, operation }: Load
): Effect.fn.Return<Figures> {
  const times = new Float64Array(calls)
  let made = 0
  let wrong = 0
  const caller = Effect.gen(function* () {
    while (made < calls) {
      const index = made++
      const question = questionOf(operation, from + index)
      const startedAt = performance.now()
      const exit = yield* Effect.exit(ask(question))
      times[index] = performance.now() - startedAt
      const isRight = Exit.isSuccess(exit)
        ? isAnswer(question, false, exit.value)
        : isAnswer(question, true, exit.cause.reasons.find((reason) => reason._tag === "Fail")?.error)
      if (!isRight) wrong++
    }
  })
  const startedAt = performance.now()
  yield* Effect.forEach(Array.from({ length: inFlight }), () => caller, { concurrency: "unbounded", discard: true })
  return figuresOf(times, (performance.now() - startedAt) / 1_000, wrong)
})

const measure = Effect.gen(function* () {
  const ask = yield* askerOf
  yield* Console.log("ready")
  const { stdin } = yield* Stdio.Stdio
  yield* stdin.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach((line) => {
      const asked = JSON.parse(line) as Load | { readonly hold: number }
      const answer: Effect.Effect<unknown, never, Requester.Of<typeof Bench>> = "hold" in asked
        ? hold(asked.hold)
        : run(ask, asked)
      return Effect.flatMap(answer, (figures) => Console.log(JSON.stringify(figures)))
    })
  )
})

/** Runs it as the process's program. */
export const start = (): void => measure.pipe(Effect.provide([requester, NodeServices.layer]), NodeRuntime.runMain)

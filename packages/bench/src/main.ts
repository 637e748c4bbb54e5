/**
 * `pnpm bench`: starts a real Kafka, a responder and a requester as processes of their own, and prints how they do
 * against what they are meant to reach. Figures depend on the machine; compare only within one run.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { KafkaCluster } from "@kafka-request-reply/dev-kafka/KafkaCluster"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as ChildProcess from "effect/process/ChildProcess"
import * as Report from "./Report.ts"

class Unfinished extends Schema.TaggedError<Unfinished>()("Unfinished", { detail: Schema.String }) {
  override get message() {
    return this.detail
  }
}

const launch = (script: string, brokers: string, ...args: ReadonlyArray<string>) =>
  ChildProcess.make(process.execPath, ["--conditions=source", new URL(script, import.meta.url).pathname, ...args], {
    env: { KAFKA_BROKERS: brokers },
    extendEnv: true,
    stderr: "inherit",
    killSignal: "SIGTERM",
    forceKillAfter: "30 seconds"
  })

const lines = (process: Effect.Success<ReturnType<typeof launch>>) =>
  process.stdout.pipe(Stream.decodeText(), Stream.splitLines)

/** What a process measures before it says that it serves. */
const untilServing = (process: Effect.Success<ReturnType<typeof launch>>) =>
  lines(process).pipe(
    Stream.takeWhile((line) => line !== "serving"),
    Stream.map((line) => JSON.parse(line) as Report.Measured),
    Stream.runCollect
  )

/** What a process measures until it ends. */
const measuredBy = Effect.fnUntraced(function* (process: Effect.Success<ReturnType<typeof launch>>) {
  const measured = yield* lines(process).pipe(
    Stream.map((line) => JSON.parse(line) as Report.Measured),
    Stream.runCollect
  )
  if ((yield* process.exitCode) !== 0) return yield* new Unfinished({ detail: "a measuring process failed, see above" })
  return measured
})

const measure = Effect.gen(function* () {
  yield* Console.error("starting Kafka")
  // The server compiler: throughput is measured, not how soon the broker starts.
  const cluster = yield* KafkaCluster.make({ brokers: 1, jvmOptions: [] })
  const brokers = cluster.brokers.join(",")
  yield* Console.error("measuring, about a minute and a half; both programs and the broker share this machine")
  const bare = yield* Effect.scoped(
    Effect.gen(function* () {
      yield* untilServing(yield* launch("./bare.ts", brokers, brokers, "answer"))
      return yield* measuredBy(yield* launch("./bare.ts", brokers, brokers, "ask"))
    })
  )
  const responder = yield* untilServing(yield* launch("./responder.ts", brokers))
  const requester = yield* measuredBy(yield* launch("./requester.ts", brokers))
  return [...bare, ...responder, ...requester]
}).pipe(Effect.scoped)

const bench = Command.make(
  "bench",
  {
    json: Flag.Boolean("json").pipe(
      Flag.withDefault(false),
      Flag.withDescription("one JSON object with all figures instead of tables")
    )
  },
  Effect.fnUntraced(function* ({ json }) {
    const measured = yield* measure
    yield* Console.log(json ? JSON.stringify({ measured, goals: Report.goalsOf(measured) }) : Report.text(measured))
  })
).pipe(Command.withDescription("Measure request/reply over a real Kafka"))

bench.pipe(Command.run({ version: "0.1.0" }), Effect.provide(NodeServices.layer), NodeRuntime.runMain)

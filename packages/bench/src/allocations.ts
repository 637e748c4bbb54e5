/**
 * How many bytes this project's two programs allocate for each call: what the garbage collector's share follows from,
 * and, unlike processor time, the same on a busy machine. One script; prints a line per operation.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { KafkaCluster } from "@kafka-request-reply/dev-kafka/KafkaCluster"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Schedule from "effect/Schedule"
import { fileURLToPath } from "node:url"
import * as MeasuredProcess from "./MeasuredProcess.ts"
import * as Peer from "./Peer.ts"
import type { Operation } from "./Workload.ts"

const calls = 120_000
const inFlight = 1_024
const sampler = fileURLToPath(new URL("./internal/sampler.ts", import.meta.url))

const sampled = ({ args, command }: MeasuredProcess.Command): MeasuredProcess.Command => ({
  command,
  args: ["--import", sampler, ...args]
})

const toggle = (pids: ReadonlyArray<number>) => Effect.sync(() => pids.forEach((pid) => process.kill(pid, "SIGUSR2")))

const measure = Effect.fnUntraced(function* (operation: Operation, brokers: string) {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped()
  process.env["ALLOCATIONS"] = `${folder}/`
  const responder = yield* MeasuredProcess.start("the responder", sampled(Peer.ours.responder), brokers)
  const requester = yield* MeasuredProcess.start("the requester", sampled(Peer.ours.requester), brokers)
  const pids = [requester.pid, responder.pid]
  yield* requester.ask({ operation, inFlight: 256, calls: 20_000, from: 0 })
  yield* toggle(pids)
  yield* requester.ask({ operation, inFlight, calls, from: 1_000_000 })
  yield* toggle(pids)
  const bytes = yield* Effect.forEach(pids, (pid) =>
    fs.readFileString(`${folder}/${pid}`).pipe(Effect.retry(Schedule.spaced("100 millis")), Effect.timeout("1 minute"))
  )
  const [asking, answering] = bytes.map((text) => Math.round(Number(text) / calls))
  yield* Console.log(`${operation}: requester ${asking} bytes a call, responder ${answering}`)
}, Effect.scoped)

Effect.gen(function* () {
  const cluster = yield* KafkaCluster.make({ brokers: 1, jvmOptions: [] })
  for (const operation of ["GetStock", "Claim"] as const) yield* measure(operation, cluster.brokers.join(","))
}).pipe(Effect.scoped, Effect.provide(NodeServices.layer), NodeRuntime.runMain)

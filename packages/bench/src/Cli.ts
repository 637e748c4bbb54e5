/**
 * `pnpm bench`: measures this project beside its peers, and prints tables or writes files.
 */
import { KafkaCluster } from "@kafka-request-reply/dev-kafka/KafkaCluster"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Campaign from "./Campaign.ts"
import * as Chart from "./Chart.ts"
import * as Peer from "./Peer.ts"
import * as Report from "./Report.ts"
import * as Standing from "./Standing.ts"
import { type Row, rowsOf } from "./Summary.ts"
import type { Operation } from "./Workload.ts"

const flags = {
  quick: Flag.Boolean("quick").pipe(
    Flag.withDefault(false),
    Flag.withDescription("this project and the floor only, one round, three levels: about a minute and a half")
  ),
  rounds: Flag.Int("rounds").pipe(Flag.withDefault(3), Flag.withDescription("turns of each peer (default 3)")),
  only: Flag.String("only").pipe(
    Flag.optional,
    Flag.withDescription("peers whose name contains one of these words, separated by commas")
  ),
  operations: Flag.String("operations").pipe(
    Flag.withDefault("GetStock,Claim"),
    Flag.withDescription("of GetStock, Echo60, Echo1K, Echo16K, Claim, separated by commas")
  ),
  json: Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("the rows as JSON instead of tables")),
  out: Flag.String("out").pipe(
    Flag.optional,
    Flag.withDescription("a folder for results.json and a chart of each operation")
  )
}

const peersOf = Effect.fnUntraced(function* (isQuick: boolean, only: Option.Option<string>) {
  const near = [Peer.ours, Peer.floorCore]
  if (isQuick) return near
  const words = Option.map(only, (text) => text.toLowerCase().split(","))
  const isWanted = (peer: Peer.Peer) =>
    Option.isNone(words) || words.value.some((word) => peer.name.toLowerCase().includes(word))
  const wanted = [...near, Peer.floorStock, Peer.nest, ...Peer.springs].filter(isWanted)
  if (!wanted.some((peer) => Peer.springs.includes(peer))) return wanted
  const missing = yield* Peer.buildSpring
  if (missing === undefined) return wanted
  yield* Console.error(`Spring is left out: ${missing}`)
  return wanted.filter((peer) => !Peer.springs.includes(peer))
})

const write = Effect.fnUntraced(function* (folder: string, rows: ReadonlyArray<Row>, standing: Standing.Standing) {
  const fs = yield* FileSystem.FileSystem
  yield* fs.makeDirectory(folder, { recursive: true })
  yield* fs.writeFileString(`${folder}/results.json`, `${JSON.stringify({ rows, standing }, undefined, 2)}\n`)
  for (const operation of new Set(rows.map((row) => row.operation))) {
    yield* fs.writeFileString(`${folder}/${operation}.svg`, Chart.throughput(rows, operation))
  }
})

/** The command line program. */
export const bench = Command.make(
  "bench",
  flags,
  Effect.fnUntraced(
    function* ({ json, only, operations, out, quick, rounds }) {
      const peers = yield* peersOf(quick, only)
      yield* Console.error("starting Kafka")
      // The server compiler: throughput is measured, not how soon the broker starts.
      const cluster = yield* KafkaCluster.make({ brokers: 1, jvmOptions: [] })
      const plan: Campaign.Plan = {
        peers,
        rounds: quick ? 1 : rounds,
        operations: operations.split(",") as Array<Operation>,
        levels: quick ? [1, 64, 1024] : [1, 16, 64, 256, 1024],
        loadSeconds: quick ? 3 : 4,
        brokers: cluster.brokers.join(","),
        brokerPid: yield* cluster.broker(0).pid
      }
      const samples = yield* Campaign.run(plan, (peer, round) =>
        Console.error(`round ${round + 1} of ${plan.rounds}: ${peer.name}`)
      )
      const rows = rowsOf(samples)
      yield* Console.error("what the programs cost at rest")
      const standing = yield* Standing.measure(plan.brokers, quick ? [10_000] : [10_000, 100_000])
      if (Option.isSome(out)) yield* write(out.value, rows, standing)
      yield* Console.log(json ? JSON.stringify({ rows, standing }) : Report.text(rows, standing, Peer.ours.name))
    },
    Effect.scoped,
    Effect.catchTag("Broken", (broken) =>
      Effect.andThen(
        Console.error(broken.message),
        Effect.sync(() => void (process.exitCode = 1))
      )
    )
  )
).pipe(Command.withDescription("Measure request/reply over a real Kafka, side by side with other libraries"))

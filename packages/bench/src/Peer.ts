/**
 * Who is measured: each peer is a responder and a requester, two processes over the same broker.
 */
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as ChildProcess from "effect/process/ChildProcess"
import type { Command } from "./MeasuredProcess.ts"
import type { Operation } from "./Workload.ts"

export interface Peer {
  readonly name: string
  readonly responder: Command
  readonly requester: Command
  /** What it can carry. */
  readonly operations: ReadonlyArray<Operation>
}

const pathOf = (script: string): string => fileURLToPath(new URL(script, import.meta.url))

const node = (script: string, ...args: ReadonlyArray<string>): Command => ({
  command: process.execPath,
  args: ["--conditions=source", pathOf(script), ...args]
})

const all: ReadonlyArray<Operation> = ["GetStock", "Echo60", "Echo1K", "Echo16K", "Claim"]

export const ours: Peer = {
  name: "this project",
  responder: node("ours/responder.ts"),
  requester: node("ours/requester.ts"),
  operations: all
}

const floor = (name: string, codec: "core" | "stock"): Peer => ({
  name,
  responder: node("floor/responder.ts", codec),
  requester: node("floor/requester.ts", codec),
  operations: all
})

export const floorCore = floor("floor, our codec", "core")
export const floorStock = floor("floor, stock kafkajs", "stock")

export const nest: Peer = {
  name: "NestJS ClientKafka",
  responder: node("nest/responder.ts"),
  requester: node("nest/requester.ts"),
  operations: all
}

const springFolder = pathOf("../spring")

const spring = (linger: 0 | 5): Peer => {
  const classPath = `${springFolder}/target/classes:${springFolder}/target/dependency/*`
  const java = (role: string): Command => ({
    command: "java",
    args: ["-Xmx512m", "-cp", classPath, "bench.Spring", role, String(linger)]
  })
  return {
    name: `Spring, linger ${linger}`,
    responder: java("responder"),
    requester: java("requester"),
    operations: all
  }
}

export const springs = [spring(0), spring(5)]

/** Compiles the Spring peer; what is missing for it, when it cannot be. */
export const buildSpring = Effect.gen(function* () {
  const args = ["-q", "--batch-mode", "--no-transfer-progress", "compile", "dependency:copy-dependencies"]
  const handle = yield* ChildProcess.make("mvn", [...args, "-DincludeScope=runtime"], { cwd: springFolder })
  const output = yield* handle.all.pipe(Stream.decodeText(), Stream.mkString)
  return (yield* handle.exitCode) === 0 ? undefined : `Maven failed: ${output.slice(-500)}`
}).pipe(
  Effect.scoped,
  Effect.catch((error) => Effect.succeed(`it needs a JDK and Maven (${error.message})`))
)

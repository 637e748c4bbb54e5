/**
 * The demo from nothing: its own Kafka, both programs, an exit code, and nothing left.
 */
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Stream from "effect/Stream"
import * as ChildProcess from "effect/process/ChildProcess"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { realWorld, runModule } from "./cli.ts"

const run = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  const world = yield* realWorld
  const temporary = yield* fs.makeTempDirectoryScoped({ prefix: "demo-test-" })
  const result = yield* runModule(
    { ...world, environment: { ...world.environment, TMPDIR: temporary } },
    "demo.ts",
    ...args
  )
  assert.match(result.stdout, /^demo: [\d.]+ s in all, exit code 0$/m)
  assert.match(result.stdout, /^requester \| .*outcomes/m)
  assert.strictEqual(result.exitCode, 0)
  const left = (yield* fs.readDirectory(temporary)).filter((name) => /^(dev-kafka|demo)-/.test(name))
  assert.deepStrictEqual(left, [])
  return result
})

/** Runs it under a shell, with its output into `head`. */
const runHeaded = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  const world = yield* realWorld
  const temporary = yield* fs.makeTempDirectoryScoped({ prefix: "demo-test-" })
  const module = fileURLToPath(new URL("../src/demo.ts", import.meta.url))
  const script = '"$0" --conditions=source "$@" | head -1'
  const shell = yield* ChildProcess.make("/bin/sh", ["-c", script, process.execPath, module, ...args], {
    env: { ...world.environment, TMPDIR: temporary },
    extendEnv: true,
    stdin: "ignore"
  })
  const read = (stream: typeof shell.stdout) => Stream.mkString(Stream.decodeText(stream))
  const [stdout, stderr] = yield* Effect.all([read(shell.stdout), read(shell.stderr)], { concurrency: 2 })
  yield* shell.exitCode
  const left = (yield* fs.readDirectory(temporary)).filter((name) => /^(dev-kafka|demo)-/.test(name))
  return { stdout, stderr, left }
}, Effect.scoped)

describe("demo", () => {
  it.effect(
    "ends all that it started when the reader of its output has left",
    () =>
      Effect.gen(function* () {
        const { left, stderr, stdout } = yield* runHeaded()
        assert.match(stdout, /^\w+ \| .*\n$/)
        assert.notMatch(stderr, /EPIPE/)
        assert.deepStrictEqual(left, [])
      }).pipe(Effect.provide(NodeServices.layer)),
    180_000
  )

  it.effect(
    "runs both programs over a Kafka of its own",
    () =>
      Effect.gen(function* () {
        const { stderr, stdout } = yield* run()
        assert.include(stderr, "starting Apache Kafka with Java for this demo")
        assert.match(stdout, /^responder \| .*serving/m)
        assert.match(stdout, /^responder \| .*stopped/m)
      }).pipe(Effect.provide(NodeServices.layer)),
    180_000
  )

  it.effect(
    "runs in one process without a Kafka",
    () =>
      Effect.gen(function* () {
        const { stderr, stdout } = yield* run("--memory")
        assert.strictEqual(stderr, "")
        assert.notMatch(stdout, /^responder \|/m)
      }).pipe(Effect.provide(NodeServices.layer)),
    60_000
  )
})

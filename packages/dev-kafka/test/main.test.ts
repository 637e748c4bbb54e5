/**
 * Whatever is missing or broken: one message that says what to do, and exit code 1. The tools are scripts, the program
 * is the real one.
 */
import { createServer } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { makeWorld, runModule } from "./cli.ts"

// Each row starts processes; on a busy machine that takes its time.
const patience = 30_000

const java = (version: string) => `echo 'openjdk version "${version}"' >&2`

const rows = [
  ["no Java", {}, "up", "no Java was found: install a JDK 17 or newer"],
  ["Java too old", { java: java("11.0.2") }, "up", "needs Java 17 or newer and java is 11.0.2"],
  ["a Java that prints nothing", { java: "exit 1" }, "up", "needs Java 17 or newer and java is of an unknown version"],
  ["no Maven", { java: java("17.0.1") }, "up", "Maven (mvn) was not found"],
  [
    "Maven fails",
    { java: java("21"), mvn: "echo 'Could not transfer artifact x'; exit 1" },
    "up",
    "Maven could not download Kafka (exit code 1): check the network and Maven's settings\nCould not transfer artifact x"
  ],
  [
    "the disk is full while Maven writes",
    { java: java("17"), mvn: "echo 'write failed: No space left on device'; exit 1" },
    "up",
    "no space left on the disk"
  ],
  [
    "docker compose fails",
    { docker: "case \"$*\" in *up*) echo 'pull access denied'; exit 18;; esac" },
    "ensure",
    "docker compose failed (exit code 18): check that the image can be pulled"
  ],
  ["no way at all", { java: java("1.8.0_392") }, "ensure", "none can be started here. Three ways out:"],
  ["no way at all, and what needs no Kafka", {}, "ensure", "npx -y pnpm@12 demo --memory"],
  ["no way at all says what is wrong with Java", { java: java("1.8.0_392") }, "ensure", "java is 1.8.0_392"]
] as const

describe("kafka", () => {
  it.effect.each(rows)(
    "%s",
    ([, scripts, command, message]) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const world = yield* makeWorld(scripts)
        const { exitCode, stderr, stdout } = yield* runModule(world, "main.ts", command)
        assert.include(stderr, message)
        assert.notInclude(stderr, "    at ")
        assert.strictEqual(stdout, "")
        assert.strictEqual(exitCode, 1)
        assert.isFalse(yield* fs.exists(`${world.folder}/dev-${world.port}/state.json`))
      }).pipe(Effect.provide(NodeServices.layer)),
    patience
  )

  it.effect.each(["up", "ensure"])(
    "says for `%s` that the port is taken",
    (command) =>
      Effect.gen(function* () {
        const world = yield* makeWorld({})
        yield* Effect.acquireRelease(
          Effect.callback<ReturnType<typeof createServer>>((resume) => {
            const server = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"))
            server.listen(world.port, "127.0.0.1", () => resume(Effect.succeed(server)))
          }),
          (server) => Effect.sync(() => server.close())
        )
        const { exitCode, stderr } = yield* runModule(world, "main.ts", command)
        assert.include(stderr, `port ${world.port} is taken by another program`)
        assert.strictEqual(exitCode, 1)
      }).pipe(Effect.provide(NodeServices.layer)),
    patience
  )

  it.effect(
    "uses what KAFKA_BROKERS names and starts nothing",
    () =>
      Effect.gen(function* () {
        const world = yield* makeWorld({})
        const environment = { ...world.environment, KAFKA_BROKERS: "a:1,b:2" }
        const { exitCode, stderr, stdout } = yield* runModule({ ...world, environment }, "main.ts", "ensure")
        assert.strictEqual(stderr, "kafka: using a:1, b:2 (KAFKA_BROKERS)\n")
        assert.strictEqual(stdout, "a:1,b:2\n")
        assert.strictEqual(exitCode, 0)
      }).pipe(Effect.provide(NodeServices.layer)),
    patience
  )

  it.effect(
    "finds nothing to stop, and says with 3 that no Kafka answers",
    () =>
      Effect.gen(function* () {
        const world = yield* makeWorld({})
        const down = yield* runModule(world, "main.ts", "down")
        assert.deepStrictEqual(down, { stdout: "", stderr: "kafka: nothing to stop\n", exitCode: 0 })
        const status = yield* runModule(world, "main.ts", "status")
        assert.include(status.stdout, "no Kafka answers at localhost:")
        assert.strictEqual(status.exitCode, 3)
        assert.strictEqual((yield* runModule(world, "main.ts", "upp")).exitCode, 2)
      }).pipe(Effect.provide(NodeServices.layer)),
    patience
  )
})

/**
 * Runs this package's programs as processes of their own, in a world made for the test: its own folder, port and `PATH`.
 */
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Stream from "effect/Stream"
import * as ChildProcess from "effect/process/ChildProcess"
import { freePorts } from "../src/internal/freePorts.ts"
import { kafkaLibrary } from "../src/KafkaLibrary.ts"
import { host } from "../src/internal/serverProperties.ts"

export interface World {
  readonly folder: string
  readonly port: number
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** A world with these programs, by name and shell script, on its `PATH`; without scripts it has the real ones. */
export const makeWorld = Effect.fnUntraced(function* (scripts?: Readonly<Record<string, string>>) {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "dev-kafka-world-" })
  const [port] = yield* freePorts(1, host)
  const path = `${folder}/path`
  yield* fs.makeDirectory(path)
  for (const [name, script] of Object.entries(scripts ?? {})) {
    yield* fs.writeFileString(`${path}/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }
  const world: World = {
    folder,
    port: port!,
    environment: {
      DEV_KAFKA_FOLDER: folder,
      DEV_KAFKA_PORT: String(port),
      KAFKA_BROKERS: undefined,
      ...(scripts === undefined ? {} : { PATH: path, JAVA_HOME: undefined })
    }
  }
  return world
})

/** A world with this machine's Java and the downloaded jars, and no Docker engine. */
export const realWorld = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const world = yield* makeWorld()
  const library = yield* kafkaLibrary()
  yield* fs.symlink(library.folder, `${world.folder}/lib-${library.version}`)
  return { ...world, environment: { ...world.environment, DOCKER_HOST: "tcp://127.0.0.1:1" } } satisfies World
})

/** Runs a module of `src` to its end. */
export const runModule = Effect.fnUntraced(function* (world: World, module: string, ...args: ReadonlyArray<string>) {
  const file = fileURLToPath(new URL(`../src/${module}`, import.meta.url))
  const program = yield* ChildProcess.make(process.execPath, ["--conditions=source", file, ...args], {
    env: world.environment,
    extendEnv: true,
    stdin: "ignore"
  })
  const read = (stream: typeof program.stdout) => Stream.mkString(Stream.decodeText(stream))
  const [stdout, stderr] = yield* Effect.all([read(program.stdout), read(program.stderr)], { concurrency: 2 })
  return { stdout, stderr, exitCode: Number(yield* program.exitCode) }
}, Effect.scoped)

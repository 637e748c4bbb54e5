/**
 * The two programs as child processes, in a world of their own: a contract name and a database that no other test has.
 */
import { basename } from "node:path"
import { fileURLToPath } from "node:url"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FileSystem from "effect/FileSystem"
import * as Stream from "effect/Stream"
import * as ChildProcess from "effect/process/ChildProcess"

export interface World {
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** A world on these brokers; gone with the scope. */
export const makeWorld = Effect.fnUntraced(function* (brokers: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "inventory-" })
  const world: World = {
    folder,
    environment: {
      KAFKA_BROKERS: brokers.join(","),
      KAFKA_PARTITIONS: "4",
      INVENTORY_NAME: basename(folder),
      INVENTORY_DATABASE: `${folder}/inventory.sqlite`,
      NO_COLOR: "1"
    }
  }
  return world
})

export interface Start {
  readonly args?: ReadonlyArray<string>
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly stdin?: string
  /** Instead of the sources of the program. */
  readonly main?: string
  readonly cwd?: string
}

const sourceOf = (program: string): ReadonlyArray<string> => [
  "--conditions=source",
  fileURLToPath(new URL(`../../../${program}/src/main.ts`, import.meta.url))
]

/** Starts a program; the scope's end kills it. */
export const start = Effect.fnUntraced(function* (
  program: "requester" | "responder",
  world: World,
  { args = [], cwd = world.folder, environment = {}, main, stdin }: Start = {}
) {
  const entry = main === undefined ? sourceOf(program) : [main]
  const handle = yield* ChildProcess.make(process.execPath, [...entry, ...args], {
    cwd,
    env: { ...world.environment, ...environment },
    extendEnv: true,
    stdin: stdin === undefined ? "ignore" : Stream.make(new TextEncoder().encode(stdin)),
    killSignal: "SIGKILL"
  })
  let stdout = ""
  let stderr = ""
  const waiting: Array<readonly [pattern: RegExp, found: Deferred.Deferred<void>]> = []
  const onText = (take: (text: string) => void) => (text: string) =>
    Effect.sync(() => {
      take(text)
      for (const [pattern, found] of waiting) {
        if (pattern.test(stdout) || pattern.test(stderr)) Deferred.doneUnsafe(found, Effect.void)
      }
    })
  const read = yield* Effect.forkScoped(
    Effect.all(
      [
        Stream.runForEach(
          Stream.decodeText(handle.stdout),
          onText((text) => (stdout += text))
        ),
        Stream.runForEach(
          Stream.decodeText(handle.stderr),
          onText((text) => (stderr += text))
        )
      ],
      { concurrency: 2 }
    )
  )
  const ended = Effect.gen(function* () {
    // Fails when a signal ended the program, as the shell's 128 and more would say.
    const exitCode = Number(yield* Effect.orElseSucceed(handle.exitCode, () => -1))
    yield* Fiber.await(read)
    return { exitCode, stdout, stderr }
  })
  return {
    signal: (signal: "SIGINT" | "SIGTERM" | "SIGKILL") => Effect.sync(() => void process.kill(handle.pid, signal)),
    /** Waits until it has written this; fails when it ends without. */
    says: (pattern: RegExp) =>
      Effect.suspend(() => {
        if (pattern.test(stdout) || pattern.test(stderr)) return Effect.void
        const found = Deferred.makeUnsafe<void>()
        waiting.push([pattern, found])
        const never = Effect.flatMap(ended, (end) =>
          Effect.fail(new Error(`it ended without saying ${pattern}: ${JSON.stringify(end)}`))
        )
        return Effect.raceFirst(Deferred.await(found), never)
      }),
    /** Waits for its end. */
    ended,
    output: () => ({ stdout, stderr })
  }
})

/** Runs a program to its end. */
export const run = (program: "requester" | "responder", world: World, options?: Start) =>
  Effect.scoped(Effect.flatMap(start(program, world, options), ({ ended }) => ended))

/** What every test here runs in. */
export const services = NodeServices.layer

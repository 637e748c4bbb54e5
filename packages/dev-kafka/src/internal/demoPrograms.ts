/**
 * The two programs as child processes; every line they print carries their name.
 */
import * as Console from "effect/Console"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as ChildProcess from "effect/process/ChildProcess"
import type { ChildProcessHandle } from "effect/process/ChildProcessSpawner"
import { because, fromSystem, SystemFailed } from "../DevKafkaError.ts"
import { packagesFolder } from "./devFolder.ts"

type Environment = Readonly<Record<string, string>>

const launch = (name: string, args: ReadonlyArray<string>, environment: Environment) =>
  ChildProcess.make(process.execPath, ["--conditions=source", "src/main.ts", ...args], {
    cwd: `${packagesFolder}/${name}`,
    env: { ...environment, LOG_FORMAT: "text", LOG_LEVEL: "Info" },
    extendEnv: true,
    stdin: "ignore",
    killSignal: "SIGINT",
    forceKillAfter: "30 seconds"
  }).pipe(Effect.mapError(fromSystem(name)))

/** Prints until the program closes its output. */
const print = (name: string, program: ChildProcessHandle, onLine: (line: string) => Effect.Effect<unknown>) =>
  program.all.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach((line) => Effect.andThen(Console.log(`${name} | ${line}`), onLine(line))),
    Effect.mapError(fromSystem(name))
  )

const saysItServes = /\b(ready|serving)\b/i
const startSeconds = 60

const failed = (detail: string) => Effect.fail(because(new SystemFailed({ detail, cause: undefined })))

/** Starts the responder on an empty database and waits until it serves; the scope's end lets it drain. */
export const startResponder = Effect.fnUntraced(function* (environment: Environment) {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs
    .makeTempDirectoryScoped({ prefix: "demo-" })
    .pipe(Effect.mapError(fromSystem("the temporary folder")))
  const responder = yield* launch("responder", [], {
    ...environment,
    INVENTORY_DATABASE: `${folder}/inventory.sqlite`
  })
  const serves = yield* Deferred.make<void>()
  const printing = yield* Effect.forkScoped(
    print("responder", responder, (line) =>
      saysItServes.test(line) ? Deferred.succeed(serves, undefined) : Effect.void
    )
  )
  // Before the scope ends the printing: what it says while it drains belongs to the demo.
  yield* Effect.addFinalizer(() =>
    responder
      .kill({ killSignal: "SIGINT", forceKillAfter: "30 seconds" })
      .pipe(Effect.andThen(Fiber.await(printing)), Effect.ignore)
  )
  yield* Effect.raceFirst(
    Deferred.await(serves),
    Effect.andThen(Fiber.await(printing), failed("the responder ended before it served; its own words are above"))
  ).pipe(
    Effect.timeoutOrElse({
      duration: `${startSeconds} seconds`,
      orElse: () => failed(`the responder did not say within ${startSeconds} s that it serves`)
    })
  )
})

/** Runs the requester to its end and gives its exit code. */
export const runRequester = Effect.fnUntraced(function* (args: ReadonlyArray<string>, environment: Environment) {
  const requester = yield* launch("requester", args, environment)
  yield* print("requester", requester, () => Effect.void)
  return yield* requester.exitCode.pipe(Effect.mapError(fromSystem("the requester")))
})

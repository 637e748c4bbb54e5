/**
 * One holder at a time, and no holder after its death.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FileSystem from "effect/FileSystem"
import * as Stream from "effect/Stream"
import * as ChildProcess from "effect/process/ChildProcess"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { processLock } from "../../src/internal/processLock.ts"

const lockPath = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  return `${yield* fs.makeTempDirectoryScoped({ prefix: "lock-" })}/lock`
})

// Holds the lock until it is killed.
const holder = `
  const database = new (require("node:sqlite").DatabaseSync)(process.argv[1])
  database.exec("BEGIN EXCLUSIVE")
  console.log("held")
  setInterval(() => database, 1000)
`

describe("processLock", () => {
  it.effect("waits until the holder lets go", () =>
    Effect.gen(function* () {
      const path = yield* lockPath
      const waiting = yield* Deferred.make<void>()
      const second = yield* Effect.scoped(
        Effect.gen(function* () {
          yield* processLock(path)
          const fiber = yield* processLock(path, Effect.asVoid(Deferred.succeed(waiting, undefined))).pipe(
            Effect.scoped,
            Effect.forkDetach
          )
          yield* Deferred.await(waiting)
          assert.isUndefined(fiber.pollUnsafe())
          return fiber
        })
      )
      yield* Fiber.join(second)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("is free when its holder was killed", () =>
    Effect.gen(function* () {
      const path = yield* lockPath
      const other = yield* ChildProcess.make(process.execPath, ["-e", holder, path], { killSignal: "SIGKILL" })
      yield* other.stdout.pipe(Stream.decodeText(), Stream.take(1), Stream.runDrain)
      const waiting = yield* Deferred.make<void>()
      const fiber = yield* processLock(path, Effect.asVoid(Deferred.succeed(waiting, undefined))).pipe(
        Effect.scoped,
        Effect.forkChild
      )
      yield* Deferred.await(waiting)
      yield* other.kill({ killSignal: "SIGKILL" })
      yield* Fiber.join(fiber)
    }).pipe(Effect.provide(NodeServices.layer))
  )
})

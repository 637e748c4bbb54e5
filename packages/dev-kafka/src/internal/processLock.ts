/**
 * A lock between processes that the operating system releases when its holder dies: an exclusive SQLite transaction,
 * so a left-over lock file is never mistaken for a held lock.
 */
import { DatabaseSync } from "node:sqlite"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { because, type DevKafkaError, fromSystem, LockBusy } from "../DevKafkaError.ts"
import { inRealTime } from "./liveClock.ts"

/** SQLITE_BUSY: another connection holds the lock (sqlite.org/rescode.html). */
const busyCode = 5
const patienceSeconds = 300

class Busy extends Schema.TaggedError<Busy>()("Busy", {}) {}

const tryLock = (path: string): Effect.Effect<DatabaseSync, Busy | DevKafkaError> =>
  Effect.try({
    try: () => {
      const database = new DatabaseSync(path, { timeout: 0 })
      try {
        database.exec("BEGIN EXCLUSIVE")
        return database
      } catch (error) {
        database.close()
        throw error
      }
    },
    catch: (error) =>
      (error as { errcode?: number }).errcode === busyCode ? new Busy() : fromSystem(path)(error as Error)
  })

/** Waits for the lock and holds it until the scope closes; `whileWaiting` runs once if somebody else has it. */
export const processLock = Effect.fnUntraced(function* (
  path: string,
  whileWaiting: Effect.Effect<void> = Effect.void
): Effect.fn.Return<void, DevKafkaError, Scope.Scope> {
  const patient = tryLock(path).pipe(
    Effect.catchTag("Busy", () =>
      whileWaiting.pipe(
        Effect.andThen(
          tryLock(path).pipe(
            Effect.retry({ schedule: Schedule.spaced("100 millis"), while: (error) => error._tag === "Busy" }),
            Effect.timeoutOrElse({ duration: `${patienceSeconds} seconds`, orElse: () => Effect.fail(new Busy()) })
          )
        )
      )
    ),
    Effect.catchTag("Busy", () => Effect.fail(because(new LockBusy({ path, seconds: patienceSeconds })))),
    inRealTime
  )
  yield* Effect.acquireRelease(patient, (database) => Effect.sync(() => database.close()), { interruptible: true })
})

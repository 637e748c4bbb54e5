import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as Database from "../src/Database.ts"
import { classify, kindOf } from "../src/DatabaseError.ts"
import { file, folder } from "./support/temporaryDatabase.ts"

const empty = Effect.succeed(() => {})

describe("Database", () => {
  it.effect("fills new tables once", () =>
    Effect.gen(function* () {
      const path = yield* file
      let seeds = 0
      const seed = Effect.sync(() => {
        seeds++
        return (sql: DatabaseSync) => sql.exec("INSERT INTO article (sku, name, available) VALUES ('TEA-1', 'Tea', 1)")
      })
      const first = yield* Effect.scoped(Database.make({ file: path, seed }))
      const second = yield* Effect.scoped(Database.make({ file: path, seed }))
      assert.deepStrictEqual([first.isNew, second.isNew, seeds], [true, false, 1])
    })
  )

  it.effect("leaves no tables behind when filling fails, and says why", () =>
    Effect.gen(function* () {
      const path = yield* file
      const bad = Effect.fail("no catalogue" as const)
      assert.strictEqual(yield* Effect.flip(Effect.scoped(Database.make({ file: path, seed: bad }))), "no catalogue")
      const again = yield* Effect.scoped(Database.make({ file: path, seed: empty }))
      assert.isTrue(again.isNew)
    })
  )

  it.effect("rolls back when a statement throws", () =>
    Effect.gen(function* () {
      const { sql, transaction } = yield* Database.make({ file: ":memory:", seed: empty })
      const failure = yield* Effect.flip(
        transaction(() => {
          sql.exec("INSERT INTO article (sku, name, available) VALUES ('TEA-1', 'Tea', 1)")
          sql.exec("INSERT INTO article (sku, name, available) VALUES ('TEA-2', 'Tea', -1)")
        })
      )
      assert.strictEqual(failure.kind, "other")
      assert.match(failure.message, /CHECK constraint failed: available >= 0/)
      assert.deepStrictEqual(sql.prepare("SELECT count(*) n FROM article").get()?.["n"], 0)
    })
  )

  it.effect("waits for another process without stopping the event loop, then gives up", () =>
    Effect.gen(function* () {
      const path = yield* file
      const database = yield* Database.make({ file: path, seed: empty })
      const other = yield* Effect.acquireRelease(
        Effect.sync(() => new DatabaseSync(path)),
        (sql) => Effect.sync(() => sql.close())
      )
      other.exec("BEGIN IMMEDIATE")
      const isStarted = yield* Deferred.make<void>()
      const waiting = yield* Effect.forkChild(
        Effect.andThen(
          Deferred.succeed(isStarted, undefined),
          database.transaction(() => "done")
        )
      )
      yield* Deferred.await(isStarted)
      yield* TestClock.adjust("300 millis")
      assert.isUndefined(waiting.pollUnsafe())
      // Reading is not held up by a writer.
      assert.strictEqual(yield* database.read(() => "read"), "read")
      other.exec("COMMIT")
      yield* TestClock.adjust("100 millis")
      assert.strictEqual(yield* Fiber.join(waiting), "done")

      other.exec("BEGIN IMMEDIATE")
      const hopeless = yield* Effect.forkChild(Effect.flip(database.transaction(() => "done")))
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* Fiber.join(hopeless)).kind, "busy")
      other.exec("ROLLBACK")
    })
  )

  it.effect("refuses files that are none of its own", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const text = join(path, "text.sqlite")
      yield* Effect.tryPromise(() => writeFile(text, "this is a text, and no database at all\n".repeat(40)))
      const unreadable = yield* Effect.flip(Effect.scoped(Database.make({ file: text, seed: empty })))
      assert.strictEqual(unreadable.kind, "unreadable")
      const below = yield* Effect.flip(Effect.scoped(Database.make({ file: join(text, "x.sqlite"), seed: empty })))
      assert.strictEqual(below.kind, "read-only")
      assert.match(below.message, /INVENTORY_DATABASE/)
      const newer = join(path, "newer.sqlite")
      const sql = new DatabaseSync(newer)
      sql.exec("PRAGMA user_version = 9")
      sql.close()
      const refused = yield* Effect.flip(Effect.scoped(Database.make({ file: newer, seed: empty })))
      assert.strictEqual(refused.kind, "newer")
    })
  )

  it("classifies anything", () => {
    assert.strictEqual(kindOf({ errcode: 5 }), "busy")
    assert.strictEqual(kindOf({ errcode: 261 }), "busy")
    assert.strictEqual(kindOf({ errcode: 13 }), "full")
    assert.strictEqual(kindOf({ code: "ENOSPC" }), "full")
    for (const cause of [undefined, null, "x", 7, {}, new Error("x"), { errcode: "5" }]) {
      assert.strictEqual(kindOf(cause), "other")
      assert.include(classify("file", cause).message, "file")
    }
  })
})

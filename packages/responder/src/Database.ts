/**
 * The file the inventory is kept in: opening it, and running statements in it. What the statements say is the
 * warehouse's affair.
 *
 * SQLite by `node:sqlite`, which is synchronous: a statement takes some ten microseconds, less than a thread hop. The one
 * thing that may take long is the lock of another responder on the same file, so waiting for it is not left to SQLite:
 * it waits 20 ms at most, then the event loop runs (and with it Kafka's heartbeats) before the next try.
 */
import { mkdir } from "node:fs/promises"
import { dirname } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { classify, DatabaseError } from "./DatabaseError.ts"
import * as GroupCommit from "./GroupCommit.ts"

/** The version of the tables below, kept in the file's `user_version`. */
const version = 2

// What version 2 adds to version 1.
const deliveries = `
CREATE TABLE delivery (
  delivery_id TEXT PRIMARY KEY,
  sku TEXT NOT NULL REFERENCES article (sku),
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  available INTEGER NOT NULL CHECK (available >= 0),
  reserved INTEGER NOT NULL CHECK (reserved >= 0)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = ${version};`

// `available >= 0` is the last line of defence: no statement of this program can break it, nor can another program.
const tables = `
CREATE TABLE article (
  sku TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  available INTEGER NOT NULL CHECK (available >= 0),
  reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0)
) STRICT, WITHOUT ROWID;
CREATE TABLE reservation (
  order_id TEXT PRIMARY KEY,
  sku TEXT NOT NULL REFERENCES article (sku),
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  remaining INTEGER NOT NULL CHECK (remaining >= 0),
  state TEXT NOT NULL CHECK (state IN ('reserved', 'cancelled'))
) STRICT, WITHOUT ROWID;
${deliveries}`

export interface Options<E> {
  /** The file; its folder is made. `:memory:` for a database that ends with the process. */
  readonly file: string
  /** Run when there are no tables yet; what it gives fills the new ones, in the transaction that makes them. */
  readonly seed: Effect.Effect<(sql: DatabaseSync) => void, E>
}

export class Database extends Context.Service<
  Database,
  {
    readonly sql: DatabaseSync
    /** Whether this process made the tables. */
    readonly isNew: boolean
    /** One statement that only reads. */
    readonly read: <A>(statement: () => A) => Effect.Effect<A, DatabaseError>
    /**
     * Statements that take effect together or not at all: rolled back when `statements` throws, and then run once more,
     * alone, so they must not remember. Up to about 3 seconds may be spent waiting for another process; after that it
     * fails as `busy` and nothing has happened.
     */
    readonly transaction: <A>(statements: () => A) => Effect.Effect<A, DatabaseError>
  }
>()("@kafka-request-reply/responder/Database") {}

const patience = Schedule.spaced("30 millis").pipe(Schedule.jittered, Schedule.upTo({ times: 60 }))

const isBusy = (error: DatabaseError): boolean => error.kind === "busy"

const inTransaction = <A>(sql: DatabaseSync, statements: () => A): A => {
  // Immediate: the lock is taken before the first read, so what was read is still true when it is written.
  sql.exec("BEGIN IMMEDIATE")
  try {
    const result = statements()
    sql.exec("COMMIT")
    return result
  } catch (cause) {
    if (sql.isTransaction) sql.exec("ROLLBACK")
    throw cause
  }
}

const versionOf = (sql: DatabaseSync): number =>
  (sql.prepare("PRAGMA user_version").get() as { readonly user_version: number }).user_version

/** Adds what tables of version 1 lack, unless another responder has. The version after that. */
const upgraded = (sql: DatabaseSync): number => {
  if (versionOf(sql) === 1) sql.exec(deliveries)
  return versionOf(sql)
}

export const make = Effect.fnUntraced(function* <E>({ file, seed }: Options<E>) {
  const attempt = <A>(run: () => A) => Effect.try({ try: run, catch: (cause) => classify(file, cause) })
  const patiently = <A>(run: () => A) => attempt(run).pipe(Effect.retry({ schedule: patience, while: isBusy }))
  if (file !== ":memory:") {
    yield* Effect.tryPromise({
      try: () => mkdir(dirname(file), { recursive: true }),
      catch: (cause) => classify(file, cause)
    })
  }
  const sql = yield* Effect.acquireRelease(
    attempt(() => new DatabaseSync(file, { timeout: 20, enableForeignKeyConstraints: true })),
    (sql) => Effect.sync(() => sql.close())
  )
  // WAL: readers never wait. NORMAL survives the death of the process, not of the machine's power, for five times the
  // transactions per second of FULL.
  yield* patiently(() => sql.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL"))
  const create = (fill: (sql: DatabaseSync) => void) =>
    inTransaction(sql, () => {
      // Looked at again under the lock: another responder may have made the tables meanwhile.
      if (versionOf(sql) !== 0) return false
      sql.exec(tables)
      fill(sql)
      return true
    })
  const isEmpty = (yield* patiently(() => versionOf(sql))) === 0
  const isNew = isEmpty && (yield* Effect.flatMap(seed, (fill) => patiently(() => create(fill))))
  const before = yield* patiently(() => versionOf(sql))
  const found = before === 1 ? yield* patiently(() => inTransaction(sql, () => upgraded(sql))) : before
  if (found > version) {
    const detail = `its tables have version ${found}, this program knows ${version}`
    return yield* new DatabaseError({ file, kind: "newer", detail, cause: detail })
  }
  // One waiter for all: 256 handlers that each block the event loop for 20 ms would stop it for 5 seconds.
  const transaction = yield* GroupCommit.make(
    (all) => patiently(() => inTransaction(sql, () => all.map((statements) => statements()))),
    isBusy
  )
  return Database.of({
    sql,
    isNew,
    read: (statement) => patiently(statement),
    transaction
  })
})

export const layer = <E>(options: Options<E>): Layer.Layer<Database, DatabaseError | E> =>
  Layer.effect(Database, make(options))

/**
 * Databases for tests: real files in a temporary folder that goes with the scope.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Sku } from "@kafka-request-reply/contracts/Sku"
import { Count } from "@kafka-request-reply/contracts/Quantity"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Database from "../../src/Database.ts"
import * as Warehouse from "../../src/Warehouse.ts"

export const folder = Effect.acquireRelease(
  Effect.tryPromise(() => mkdtemp(join(tmpdir(), "inventory-"))),
  (path) => Effect.orDie(Effect.tryPromise(() => rm(path, { recursive: true })))
)

export const file = Effect.map(folder, (path) => join(path, "inventory.sqlite"))

export const article = (sku: string, available: number) => ({
  sku: Sku.make(sku),
  name: sku,
  available: Count.make(available)
})

/** A warehouse with these articles in the given file. */
export const warehouse = (file: string, articles: ReadonlyArray<ReturnType<typeof article>>) =>
  Warehouse.layer.pipe(Layer.provideMerge(Database.layer({ file, seed: Effect.succeed(Warehouse.seed(articles)) })))

/**
 * The inventory as a service: the contract, its handlers and their database over whatever transport is in the context.
 * The program runs it over Kafka; the requester's `--memory` runs it in its own process.
 */
import { readFile } from "node:fs/promises"
import { named } from "@kafka-request-reply/contracts/Inventory"
import * as Responder from "@kafka-request-reply/core/Responder"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Catalogue from "./Catalogue.ts"
import * as Database from "./Database.ts"
import * as InventoryHandlers from "./InventoryHandlers.ts"
import { RequestLog } from "./RequestLog.ts"
import type { Settings } from "./Settings.ts"
import * as Warehouse from "./Warehouse.ts"

const catalogue = Effect.fnUntraced(function* (file: string) {
  const text = yield* Effect.tryPromise({
    try: () => readFile(file, "utf8"),
    catch: (cause) =>
      new Catalogue.CatalogueError({
        file,
        problems: [{ line: 1, detail: `it cannot be read (${(cause as Error).message}); change INVENTORY_CATALOGUE` }]
      })
  })
  return yield* Effect.fromResult(Catalogue.parse(text, file))
})

/** The warehouse in the file of the settings, filled from the catalogue when the file is new. */
export const warehouse = ({ catalogue: file, database }: Pick<Settings, "catalogue" | "database">) =>
  Warehouse.layer.pipe(
    Layer.provide(Database.layer({ file: database, seed: Effect.map(catalogue(file), Warehouse.seed) }))
  )

/** Serves the contract until the scope closes, which finishes what is in work first. */
export const serving = (settings: Pick<Settings, "name" | "topics" | "partitions" | "concurrency" | "drainTimeout">) =>
  Layer.unwrap(
    Effect.map(RequestLog, ({ onAnswered }) =>
      Responder.layer(named(settings.name), {
        topics: settings.topics,
        partitions: settings.partitions,
        concurrency: settings.concurrency,
        drainTimeout: settings.drainTimeout,
        onAnswered
      })
    )
  ).pipe(Layer.provide(InventoryHandlers.layer))

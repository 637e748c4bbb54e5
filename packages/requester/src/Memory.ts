/**
 * A responder in this process, over a broker in memory, with the bundled catalogue in a database in memory. Loaded only
 * for `--memory`.
 */
import * as MemoryTransport from "@kafka-request-reply/core/MemoryTransport"
import * as InventoryService from "@kafka-request-reply/responder/InventoryService"
import { RequestLog } from "@kafka-request-reply/responder/RequestLog"
import { settings as responderSettings } from "@kafka-request-reply/responder/Settings"
import * as Layer from "effect/Layer"
import type { Settings } from "./Settings.ts"

export const layer = ({ drainTimeout, name, partitions }: Settings) =>
  InventoryService.serving({ name, topics: "create", partitions, concurrency: 256, drainTimeout }).pipe(
    Layer.provide(
      InventoryService.warehouse({ database: ":memory:", catalogue: responderSettings.catalogue.fallback })
    ),
    // The requester shows every call already.
    Layer.provide(Layer.succeed(RequestLog, { onAnswered: () => {} })),
    Layer.provideMerge(MemoryTransport.layer)
  )

/**
 * `GetStock` answered from memory: what is measured is the way there and back, not a database.
 */
import { GetStock, type Stock } from "@kafka-request-reply/contracts/Inventory"
import { Count } from "@kafka-request-reply/contracts/Quantity"
import { Sku } from "@kafka-request-reply/contracts/Sku"
import * as Contract from "@kafka-request-reply/core/contract/Contract"
import * as Responder from "@kafka-request-reply/core/responder/Responder"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RpcGroup from "effect/rpc/RpcGroup"

/** The one operation under a name of its own, so that no other responder answers. */
export const Bench = RpcGroup.make(GetStock).annotate(Contract.Name, "bench")

/** The same, served by nobody: its calls stay in flight. */
export const Unanswered = RpcGroup.make(GetStock).annotate(Contract.Name, "bench-unanswered")

export const sku = Sku.make("TEA-0001")

const stock: Stock = { sku, available: Count.make(17), reserved: Count.make(3) }

const handlers = Bench.toLayer(Effect.succeed(Bench.of({ GetStock: () => Effect.succeed(stock) })))

/** Serves until the scope closes. */
export const layer = (partitions: number) =>
  Responder.layer(Bench, { topics: "create", partitions, startTimeout: "1 minute" }).pipe(Layer.provide(handlers))

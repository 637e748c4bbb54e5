/**
 * What is measured: `GetStock`, which only reads, and `Claim`, which has a key and is remembered, both answered from
 * memory: the way there and back counts, not a database.
 */
import { GetStock, type Stock } from "@kafka-request-reply/contracts/Inventory"
import { Count } from "@kafka-request-reply/contracts/Quantity"
import { Sku } from "@kafka-request-reply/contracts/Sku"
import * as Contract from "@kafka-request-reply/core/Contract"
import * as Responder from "@kafka-request-reply/core/Responder"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"

/** Done once for each id, in order with others of the same id; its answer is kept. */
const Claim = Rpc.make("Claim", {
  payload: { id: Schema.String },
  success: Schema.Struct({ id: Schema.String, left: Schema.Int }),
  primaryKey: ({ id }) => id
}).annotate(Contract.Idempotent, true)

/** The processor time that the responder has used so far, in microseconds. */
const Usage = Rpc.make("Usage", { success: Schema.Number }).annotate(Contract.Safe, true)

/** Under a name of its own, so that no other responder answers. */
export const Bench = RpcGroup.make(GetStock, Claim, Usage).annotate(Contract.Name, "bench")

/** Served by nobody: its calls stay in flight. */
export const Unanswered = RpcGroup.make(GetStock).annotate(Contract.Name, "bench-unanswered")

export const sku = Sku.make("TEA-0001")

const stock: Stock = { sku, available: Count.make(17), reserved: Count.make(3) }

/** User and system time of this process, microseconds. */
export const processorTime = (): number => {
  const { system, user } = process.cpuUsage()
  return user + system
}

const handlers = Bench.toLayer(
  Effect.succeed(
    Bench.of({
      GetStock: () => Effect.succeed(stock),
      Claim: ({ id }) => Effect.succeed({ id, left: 17 }),
      Usage: () => Effect.sync(processorTime)
    })
  )
)

/** Serves until the scope closes. */
export const layer = (partitions: number) =>
  Responder.layer(Bench, { topics: "create", partitions, startTimeout: "1 minute" }).pipe(Layer.provide(handlers))

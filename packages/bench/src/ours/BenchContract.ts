/**
 * The measured operations as a contract, served from memory: the way there and back counts, not a database.
 */
import * as Contract from "@kafka-request-reply/core/Contract"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { answerOf } from "../Workload.ts"

class UnknownSku extends Schema.TaggedError<UnknownSku>()("UnknownSku", { sku: Schema.String }) {}

const Stock = Schema.Struct({ sku: Schema.String, available: Schema.Int, reserved: Schema.Int })

const GetStock = Rpc.make("GetStock", {
  payload: { sku: Schema.String },
  success: Stock,
  error: UnknownSku
}).annotate(Contract.Safe, true)

const Text = { text: Schema.String }

const Echo = Rpc.make("Echo", { payload: Text, success: Schema.Struct(Text) }).annotate(Contract.Safe, true)

/** Done once for each id, in order with others of the same id; its answer is kept. */
const Claim = Rpc.make("Claim", {
  payload: { id: Schema.String },
  success: Schema.Struct({ id: Schema.String, left: Schema.Int }),
  primaryKey: ({ id }) => id
}).annotate(Contract.Idempotent, true)

/** Under a name of its own, so that no other responder answers. */
export const Bench = RpcGroup.make(GetStock, Echo, Claim).annotate(Contract.Name, "bench")

/** Served by nobody: its calls stay in flight. */
export const Unanswered = RpcGroup.make(Echo).annotate(Contract.Name, "bench-unanswered")

const stock = answerOf("GetStock", { sku: "TEA-0001" }).body as typeof Stock.Type

export const handlers = Bench.toLayer(
  Effect.succeed(
    Bench.of({
      GetStock: ({ sku }) => (sku === stock.sku ? Effect.succeed(stock) : Effect.fail(new UnknownSku({ sku }))),
      Echo: (payload) => Effect.succeed(payload),
      Claim: ({ id }) => Effect.succeed({ id, left: 17 })
    })
  )
)

/**
 * What is asked under chaos: a read, an effect that may happen once only, and keyed effects in order.
 */
import * as Contract from "@kafka-request-reply/core/Contract"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"

/** `id` is the call's own; `millis` is how long its handler takes. */
const Task = { id: Schema.String, millis: Schema.Int }

const Look = Rpc.make("Look", { payload: Task, success: Schema.String }).annotate(Contract.Safe, true)

/** Neither safe nor idempotent: nothing but its deadline ends the wait for its answer. */
const Act = Rpc.make("Act", { payload: Task, success: Schema.String })

/** One effect for each id however often it is asked; those of one `key` in their order. */
const Append = Rpc.make("Append", {
  payload: { ...Task, key: Schema.String },
  success: Schema.String,
  primaryKey: ({ id }) => id
}).annotate(Contract.Idempotent, true)

export const Chaos = RpcGroup.make(Look, Act, Append).annotate(Contract.Name, "chaos")

export const topics = { requests: "chaos.requests", replies: "chaos.replies", group: "chaos.responder" } as const

/**
 * The contract of the simulated programs: one operation for each kind of delivery.
 */
import * as CoreContract from "@kafka-request-reply/core/Contract"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"

/** What a handler is to do. Part of the payload, so that it reaches the handler over the wire. */
const order = {
  subject: Schema.String,
  value: Schema.Number,
  millis: Schema.Number,
  behaviour: Schema.String,
  padding: Schema.String
}

/** Which run answered, and what it was asked. */
export const Answer = Schema.Struct({
  subject: Schema.String,
  value: Schema.Number,
  run: Schema.Number,
  padding: Schema.String
})
export type Answer = typeof Answer.Type

/** A declared error. */
export const Refusal = Schema.Struct({ subject: Schema.String, run: Schema.Number, isFinal: Schema.Boolean })
export type Refusal = typeof Refusal.Type

const retry: CoreContract.RetryPolicy = {
  maxAttempts: 3,
  baseDelay: "40 millis",
  maxDelay: "300 millis",
  attemptTimeout: "350 millis"
}

/** After which time a read is sent again beside its first attempt. */
export const hedgeMillis = 120

const isFinal = (error: unknown): boolean => (error as Refusal).isFinal

const Read = Rpc.make("Read", { payload: order, success: Answer, error: Refusal })
  .annotate(CoreContract.Safe, true)
  .annotate(CoreContract.Retry, retry)
  .annotate(CoreContract.Hedge, { delay: hedgeMillis })

const Put = Rpc.make("Put", { payload: order, success: Answer, error: Refusal, primaryKey: ({ subject }) => subject })
  .annotate(CoreContract.Idempotent, true)
  .annotate(CoreContract.Retry, retry)
  .annotate(CoreContract.FinalErrors, isFinal)

const Take = Rpc.make("Take", {
  payload: order,
  success: Answer,
  error: Refusal,
  primaryKey: ({ subject }) => subject
}).annotate(CoreContract.FinalErrors, isFinal)

/** Who calls, as `Own` knows it. */
export const callerHeader = "sim-caller"

/** A key of `Own` is its caller's. */
const Own = Rpc.make("Own", {
  payload: order,
  success: Answer,
  error: Refusal,
  primaryKey: ({ subject }) => subject
}).annotate(CoreContract.Identity, ({ headers }) => headers[callerHeader] ?? "nobody")

/** Its answers are kept by call: it has no key. */
const Mark = Rpc.make("Mark", { payload: order, success: Answer, error: Refusal }).annotate(
  CoreContract.Idempotent,
  true
)

const Do = Rpc.make("Do", { payload: order, success: Answer, error: Refusal })

/** Calls `Read` from inside its handler. */
const Relay = Rpc.make("Relay", { payload: order, success: Answer, error: Refusal })

export const Simulated = RpcGroup.make(Read, Put, Take, Own, Mark, Do, Relay).annotate(CoreContract.Name, "sim")
export type SimulatedRpcs = RpcGroup.Rpcs<typeof Simulated>

/** What two calls that ask for the same have in common. */
export interface Order {
  readonly subject: string
  readonly value: number
  readonly millis: number
  readonly behaviour: string
  readonly padding: string
}

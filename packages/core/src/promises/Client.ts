/**
 * Calls as promises, for programs that do not use Effect. It is the requester with all it promises; `Server` is its
 * counterpart.
 *
 * A call resolves with the operation's success. It rejects with a declared error as it is, with a `RequestError` when
 * request/reply failed, with an `Error` when the handler died, and with the reason of its signal when that was aborted,
 * which also cancels the request at the responder.
 *
 * @example
 * ```ts
 * import * as Contract from "@kafka-request-reply/core/Contract"
 * import { createClient } from "@kafka-request-reply/core/Client"
 * import { RequestError } from "@kafka-request-reply/core/RequestError"
 * import { Schema } from "effect"
 * import { Rpc, RpcGroup } from "effect/rpc"
 *
 * class OutOfStock extends Schema.TaggedError<OutOfStock>()("OutOfStock", { available: Schema.Int }) {}
 * const Reserve = Rpc.make("Reserve", {
 *   payload: { orderId: Schema.String, sku: Schema.String, quantity: Schema.Int },
 *   success: Schema.Struct({ remaining: Schema.Int }),
 *   error: OutOfStock,
 *   primaryKey: ({ orderId }) => orderId
 * })
 * const Inventory = RpcGroup.make(Reserve).annotate(Contract.Name, "inventory")
 *
 * export const order = async (signal: AbortSignal) => {
 *   await using inventory = await createClient(Inventory, { brokers: ["localhost:9092"] })
 *   try {
 *     const wanted = { orderId: "order-17", sku: "TEA-0001", quantity: 2 }
 *     const { remaining } = await inventory.Reserve(wanted, { signal, timeoutMs: 2_000 })
 *     return `${remaining} left`
 *   } catch (error) {
 *     if (error instanceof OutOfStock) return `only ${error.available} left`
 *     if (error instanceof RequestError && error.isCertainlyNotExecuted) return "not ordered"
 *     throw error
 *   }
 * }
 * ```
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Headers from "effect/http/Headers"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import { type AnyGroup, operationsOf } from "../contract/Operation.ts"
import { withHedge, withRoutingKey, withTimeout } from "../requester/CallSettings.ts"
import type { Options as RequesterOptions } from "../requester/Options.ts"
import * as Requester from "../requester/Requester.ts"
import * as StartError from "../startup/StartError.ts"
import { type Connection, type Services, transportOf } from "./Connection.ts"
import { open, valueOf } from "./internal/outcome.ts"

export type { Brokers, Connection, Given, Services } from "./Connection.ts"

/** What one call may say about itself. */
export interface CallOptions {
  /** Aborting it rejects the call with the signal's reason, and cancels the request at the responder. */
  readonly signal?: AbortSignal | undefined
  /** How long the call may take in all, its retries included, milliseconds. */
  readonly timeoutMs?: number | undefined
  /** Handlers read them as `headers`. */
  readonly headers?: Headers.Input | undefined
  /** Calls with the same one run in order. Default: the payload's primary key. */
  readonly routingKey?: string | undefined
  /** False: the call is not hedged, though its contract says so (`Contract.Hedge`). */
  readonly hedge?: boolean | undefined
}

/** A method for each operation of a contract, and the end of it all. */
export type Client<Rpcs extends Rpc.Any> = {
  readonly [Current in Rpcs as Current["_tag"]]: (
    payload: Rpc.PayloadConstructor<Current>,
    options?: CallOptions
  ) => Promise<Rpc.Success<Current>>
} & {
  /** Waits for calls in flight, at most `drainTimeout`, and closes. `await using` does it at the end of the block. */
  readonly close: () => Promise<void>
} & AsyncDisposable

export type Options<Rpcs extends Rpc.Any> = Connection &
  Services<Rpc.ServicesClient<Rpcs> | Rpc.MiddlewareClient<Rpcs>> & {
    /** The settings of the requester. */
    readonly requester?: Partial<RequesterOptions> | undefined
  }

type Method = (payload: unknown, options?: { readonly headers?: Headers.Input }) => Effect.Effect<unknown, unknown>

// What a client has besides the operations, and what would make a promise of it.
const taken = new Set(["close", "then"])

/** Runs one call. */
const call = async (method: Method, payload: unknown, options: CallOptions, run: Run): Promise<unknown> => {
  const { headers, hedge, routingKey, signal, timeoutMs } = options
  signal?.throwIfAborted()
  let effect = method(payload, headers === undefined ? {} : { headers })
  if (timeoutMs !== undefined) effect = withTimeout(effect, timeoutMs)
  if (routingKey !== undefined) effect = withRoutingKey(effect, routingKey)
  if (hedge !== undefined) effect = withHedge(effect, hedge)
  const exit = await run(effect, signal === undefined ? {} : { signal })
  // An answer that came before the signal is the outcome.
  if (Exit.isFailure(exit) && exit.cause.reasons.every(({ _tag }) => _tag === "Interrupt")) signal?.throwIfAborted()
  return valueOf(exit)
}

type Run = (
  effect: Effect.Effect<unknown, unknown>,
  options: { readonly signal?: AbortSignal }
) => Promise<Exit.Exit<unknown, unknown>>

const make = Effect.fnUntraced(function* (contract: AnyGroup, options: Options<Rpc.Any>) {
  const conflict = operationsOf(contract).find(({ tag }) => taken.has(tag))
  if (conflict !== undefined) {
    const detail = "clients of promises have a method of this name already; use Requester.client"
    return yield* StartError.because(new StartError.Unsupported({ operation: conflict.tag, detail }))
  }
  const { requester: settings, services: given, ...connection } = options
  const services = yield* Layer.build(given ?? Layer.empty)
  const transport = yield* Layer.build(transportOf(connection))
  const requester = yield* Effect.provide(Requester.make(contract, settings), transport)
  const methods = (yield* Effect.provide(requester.client(contract), services)) as unknown as Record<string, Method>
  const run: Run = Effect.runPromiseExitWith(services)
  return Object.entries(methods).map(
    ([tag, method]) => [tag, (payload: unknown, own: CallOptions = {}) => call(method, payload, own, run)] as const
  )
})

/** Connects, and makes a client of the contract. Rejects with a `StartError` or a `TransportError` when it cannot. */
export const createClient = async <Rpcs extends Rpc.Any>(
  contract: RpcGroup.RpcGroup<Rpcs>,
  options: Options<Rpcs>
): Promise<Client<Rpcs>> => {
  const { close, value } = await open(make(contract, options as Options<Rpc.Any>))
  const client = { ...Object.fromEntries(value), close, [Symbol.asyncDispose]: close }
  return client as unknown as Client<Rpcs>
}

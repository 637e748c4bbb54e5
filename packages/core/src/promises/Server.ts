/**
 * Handlers as async functions, for programs that do not use Effect. It is the responder with all it promises; `Client` is
 * its counterpart.
 *
 * @example
 * ```ts
 * import * as Contract from "@kafka-request-reply/core/Contract"
 * import { createClient } from "@kafka-request-reply/core/Client"
 * import * as MemoryTransport from "@kafka-request-reply/core/MemoryTransport"
 * import { serve } from "@kafka-request-reply/core/Server"
 * import { Schema } from "effect"
 * import { Rpc, RpcGroup } from "effect/rpc"
 *
 * class Unknown extends Schema.TaggedError<Unknown>()("Unknown", { name: Schema.String }) {}
 * const Greet = Rpc.make("Greet", { payload: { name: Schema.String }, success: Schema.String, error: Unknown })
 * const Greeter = RpcGroup.make(Greet).annotate(Contract.Name, "greeter")
 *
 * // In place of brokers: ["localhost:9092"].
 * const transport = MemoryTransport.share()
 * await using server = await serve(
 *   Greeter,
 *   {
 *     Greet: async ({ name }, { signal }) => {
 *       signal.throwIfAborted()
 *       if (name === "") throw new Unknown({ name })
 *       return `Hello, ${name}`
 *     }
 *   },
 *   { transport, responder: { topics: "create" } }
 * )
 * await using greeter = await createClient(Greeter, { transport, requester: { topics: "create" } })
 * const greeting = await greeter.Greet({ name: "Ada" }, { timeoutMs: 2_000 })
 * if (greeting !== "Hello, Ada" || server.contract !== "greeter") throw new Error(greeting)
 * ```
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import { type AnyGroup, operationsOf } from "../contract/Operation.ts"
import type { Options as ResponderOptions } from "../responder/Options.ts"
import * as Responder from "../responder/Responder.ts"
import { type Connection, type Services, transportOf } from "./Connection.ts"
import { type AnyHandler, handlerOf, type Request } from "./internal/asyncHandler.ts"
import { open } from "./internal/outcome.ts"

export type { Brokers, Connection, Given, Services } from "./Connection.ts"
export type { Request } from "./internal/asyncHandler.ts"

/**
 * An async function for each operation. It resolves with the success. A rejection with a value that the operation's error
 * schema accepts is the declared error; any other is a defect, which is logged and answered as one.
 */
export type Handlers<Rpcs extends Rpc.Any> = {
  // By the name, not by the operation: only so the compiler infers the types of a function's arguments.
  readonly [Tag in Rpcs["_tag"]]: (
    payload: Rpc.Payload<Rpc.ExtractTag<Rpcs, Tag>>,
    request: Request
  ) => Promise<Rpc.Success<Rpc.ExtractTag<Rpcs, Tag>>>
}

export type Options<Rpcs extends Rpc.Any> = Connection &
  Services<Rpc.ServicesServer<Rpcs> | Rpc.Middleware<Rpcs>> & {
    /** The settings of the responder. */
    readonly responder?: Partial<ResponderOptions> | undefined
  }

/** A contract that is being served. */
export interface Server extends AsyncDisposable {
  /** The contract's name. */
  readonly contract: string
  /** Handlers running now. */
  readonly running: () => number
  /** The reply topics that take no replies now, since when and why. */
  readonly refusedReplies: () => ReadonlyArray<Responder.RefusedReplies>
  /** Finishes what is under way, at most `drainTimeout`, and closes. `await using` does it at the end of the block. */
  readonly close: () => Promise<void>
  /** Resolves when it is closed; rejects when closing went wrong. */
  readonly closed: Promise<void>
}

const make = Effect.fnUntraced(function* (
  contract: AnyGroup,
  handlers: Readonly<Record<string, AnyHandler>>,
  options: Options<Rpc.Any>
) {
  const { responder: settings, services: given, ...connection } = options
  const services = yield* Layer.build(given ?? Layer.empty)
  const effects = Object.fromEntries(
    operationsOf(contract).map((operation) => [operation.tag, handlerOf(operation, handlers[operation.tag])])
  )
  const served = yield* contract.toHandlers(effects) as Effect.Effect<Context.Context<never>>
  const transport = yield* Layer.build(transportOf(connection))
  return yield* Responder.make(contract, settings).pipe(
    Effect.provideContext(served),
    Effect.provideContext(services as Context.Context<any>),
    Effect.provideContext(transport)
  )
})

/** Connects and serves. Rejects with a `StartError` or a `TransportError` when it cannot. */
export const serve = async <Rpcs extends Rpc.Any>(
  contract: RpcGroup.RpcGroup<Rpcs>,
  handlers: Handlers<Rpcs>,
  options: Options<Rpcs>
): Promise<Server> => {
  const erased = handlers as unknown as Readonly<Record<string, AnyHandler>>
  const { close, closed, value } = await open(make(contract, erased, options as Options<Rpc.Any>))
  return {
    contract: value.contracts.join(", "),
    running: () => Effect.runSync(value.running),
    refusedReplies: () => Effect.runSync(value.refusedReplies),
    close,
    closed,
    [Symbol.asyncDispose]: close
  }
}

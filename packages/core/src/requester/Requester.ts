/**
 * The requester: calls the operations of contracts over Kafka and waits for their answers.
 *
 * One reply reader, one table of calls in flight and one sweeper serve all clients made from it. Building the layer fixes
 * the position that replies are read from, so the very first call cannot lose its reply; closing it waits for calls in
 * flight, at most `drainTimeout`.
 *
 * The layer's type names the operations it serves: a client of an operation that no layer in the program serves does not
 * compile. For a second requester of one contract, on another cluster or with other options, name it by a `Tag`.
 *
 * @example
 * ```ts
 * import * as assert from "node:assert/strict"
 * import * as Contract from "@kafka-request-reply/core/Contract"
 * import * as MemoryTransport from "@kafka-request-reply/core/MemoryTransport"
 * import * as Requester from "@kafka-request-reply/core/Requester"
 * import * as Responder from "@kafka-request-reply/core/Responder"
 * import { Effect, Layer, Schema } from "effect"
 * import { Rpc, RpcGroup } from "effect/rpc"
 *
 * const GetStock = Rpc.make("GetStock", { payload: { sku: Schema.String }, success: Schema.Int }).annotate(Contract.Safe, true)
 * const Inventory = RpcGroup.make(GetStock).annotate(Contract.Name, "inventory")
 *
 * // The same contract on a second cluster.
 * class EuInventory extends Requester.Tag<EuInventory>()("EuInventory", Inventory) {}
 *
 * const stock = Effect.gen(function* () {
 *   const here = yield* Requester.client(Inventory)
 *   const there = yield* EuInventory.client
 *   const asked = { sku: "TEA-0001" }
 *   return [yield* here.GetStock(asked).pipe(Requester.withTimeout("2 seconds")), yield* there.GetStock(asked)]
 * })
 *
 * // Each cluster is a transport: KafkajsTransport.layer in production.
 * const responderWith = (stock: number) =>
 *   Responder.layer(Inventory, { topics: "create" }).pipe(
 *     Layer.provide(Inventory.toLayer({ GetStock: () => Effect.succeed(stock) }))
 *   )
 * const here = Layer.mergeAll(Requester.layer(Inventory, { topics: "create" }), responderWith(12))
 * const there = Layer.mergeAll(EuInventory.layer({ topics: "create" }), responderWith(7))
 * const both = Layer.mergeAll(
 *   here.pipe(Layer.provide(MemoryTransport.share())),
 *   there.pipe(Layer.provide(MemoryTransport.share()))
 * )
 * assert.deepEqual(await Effect.runPromise(Effect.provide(stock, both)), [12, 7])
 * ```
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcClient from "effect/rpc/RpcClient"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import type * as Scope from "effect/Scope"
import { type AnyGroup, type Contracts, groupsOf, type Operations } from "../contract/Operation.ts"
import type { Transport } from "../kafka/Transport.ts"
import type * as StartError from "../startup/StartError.ts"
import * as Clients from "./internal/clients.ts"
import * as OperationKeys from "./internal/operationKeys.ts"
import { started } from "./internal/started.ts"
import { type Methods, mock } from "./Mock.ts"
import type { Options } from "./Options.ts"
import type { RequestError } from "./RequestError.ts"

export {
  Hedge,
  ReplyObserver,
  RoutingKey,
  Timeout,
  WaitForReady,
  withHeaders,
  withHedge,
  withReplyMetadata,
  withRoutingKey,
  withTimeout,
  withWaitForReady
} from "./CallSettings.ts"
export type { ReplyMetadata, With } from "./CallSettings.ts"
export type { Methods } from "./Mock.ts"
export type { Options } from "./Options.ts"

/** A requester of these operations. */
export interface Requester<Rpcs extends Rpc.Any> {
  /** A client of a contract whose operations it serves. Client middleware is taken from the context here. */
  readonly client: <Asked extends Rpcs>(
    contract: RpcGroup.RpcGroup<Asked>
  ) => Effect.Effect<RpcClient.RpcClient<Asked, RequestError>, never, Rpc.MiddlewareClient<Asked>>
  /** Calls waiting for their outcome now, those of all its clients together. */
  readonly inFlight: Effect.Effect<number>
}

/** That a requester in the context serves an operation: one for each of a contract, as `Rpc.Handler` is at the responder. */
export interface Serves<in out Operation> {
  readonly _: unique symbol
  readonly operation: (operation: Operation) => Operation
}

type Each<Rpcs> = Rpcs extends Rpc.Any ? Serves<Rpcs> : never

/** What a client of a contract needs in the context: `Requester.Of<typeof Inventory>`. */
export type Of<Given> = Each<Operations<Given>>

/** The class that `Tag` makes. */
export interface TagClass<Self, Id extends string, Rpcs extends Rpc.Any> extends Context.ServiceClass<
  Self,
  Id,
  Requester<Rpcs>
> {
  readonly contract: RpcGroup.RpcGroup<Rpcs>
  /** A client made by the requester of this name. */
  readonly client: Effect.Effect<RpcClient.RpcClient<Rpcs, RequestError>, never, Self | Rpc.MiddlewareClient<Rpcs>>
  /** The requester of this name, over the transport in the context. */
  readonly layer: (options?: Partial<Options>) => Layer.Layer<Self, StartError.StartError, Transport>
}

/** A requester named by a tag, whatever its name. */
export interface Tagged<Self, Rpcs extends Rpc.Any> extends Context.Key<Self, Requester<Rpcs>> {
  readonly contract: RpcGroup.RpcGroup<Rpcs>
}

/**
 * A requester of one contract or of several. Fails when the brokers or topics are not there within `startTimeout`; later
 * outages are waited out inside the deadline of each call.
 */
export const make = <const Given extends Contracts>(
  contracts: Given,
  overrides: Partial<Options> = {}
): Effect.Effect<Requester<Operations<Given>>, StartError.StartError, Transport | Scope.Scope> => {
  const groups = groupsOf(contracts)
  return Effect.map(started(groups, overrides), (engine): Requester<Operations<Given>> => ({
    client: Clients.clientFrom(engine) as Requester<Operations<Given>>["client"],
    inFlight: Effect.sync(engine.inFlight)
  }))
}

/** The layer of `make`. Its clients are made by `client`, from the contracts given here. */
export const layer = <const Given extends Contracts>(
  contracts: Given,
  options: Partial<Options> = {}
): Layer.Layer<Of<Given>, StartError.StartError, Transport> =>
  Layer.effectContext(
    Effect.map(
      make(contracts, options),
      (requester) => OperationKeys.provided(groupsOf(contracts), requester) as Context.Context<Of<Given>>
    )
  )

/**
 * A client of a contract: Effect's own type of an RPC client, so code written for Effect RPC reads the same. The contract
 * may be a part of what the layer serves. Another group of its name is checked as that one was.
 *
 * Dies when the layers in the context serve operations of these types under another `Contract.Name` only: names are not in
 * the types.
 */
export const client: {
  <Self, Rpcs extends Rpc.Any>(
    tag: Tagged<Self, Rpcs>
  ): Effect.Effect<RpcClient.RpcClient<Rpcs, RequestError>, never, Self | Rpc.MiddlewareClient<Rpcs>>
  <Rpcs extends Rpc.Any>(
    contract: RpcGroup.RpcGroup<Rpcs>
  ): Effect.Effect<RpcClient.RpcClient<Rpcs, RequestError>, never, Each<Rpcs> | Rpc.MiddlewareClient<Rpcs>>
} = (asked: AnyGroup | Tagged<any, any>): Effect.Effect<any, never, any> =>
  Context.isKey(asked)
    ? Effect.flatMap(asked, (requester) => requester.client((asked as Tagged<any, any>).contract))
    : OperationKeys.client(asked as AnyGroup)

/** Calls of the requester that serves the contract, waiting for their outcome now. */
export const inFlight: {
  <Self, Rpcs extends Rpc.Any>(tag: Tagged<Self, Rpcs>): Effect.Effect<number, never, Self>
  <Rpcs extends Rpc.Any>(contract: RpcGroup.RpcGroup<Rpcs>): Effect.Effect<number, never, Each<Rpcs>>
} = (asked: AnyGroup | Tagged<any, any>): Effect.Effect<number, never, any> =>
  Context.isKey(asked)
    ? Effect.flatMap(asked, (requester) => requester.inFlight)
    : OperationKeys.inFlight(asked as AnyGroup)

/**
 * Names a requester, so that several of one contract live side by side:
 * `class EuInventory extends Requester.Tag<EuInventory>()("EuInventory", Inventory) {}`.
 */
export const Tag =
  <Self>() =>
  <const Id extends string, Rpcs extends Rpc.Any>(
    id: Id,
    contract: RpcGroup.RpcGroup<Rpcs>
  ): TagClass<Self, Id, Rpcs> => {
    const key = Context.Service<Self, Requester<Rpcs>>()(id)
    const starting = (options?: Partial<Options>) =>
      make(contract, options) as Effect.Effect<Requester<Rpcs>, StartError.StartError, Transport | Scope.Scope>
    return Object.assign(key, {
      contract,
      client: Effect.flatMap(key, (requester) => requester.client(contract)),
      layer: (options?: Partial<Options>) => Layer.effect(key, starting(options))
    })
  }

/**
 * A requester that sends nothing, for tests of code that makes calls: each operation is the function given for it, and one
 * without a function dies when it is called. `RequestReplyTest` runs the real engine instead.
 */
export const layerMock: {
  <Self, Rpcs extends Rpc.Any>(tag: Tagged<Self, Rpcs>, methods: Partial<Methods<Rpcs>>): Layer.Layer<Self>
  <Rpcs extends Rpc.Any>(contract: RpcGroup.RpcGroup<Rpcs>, methods: Partial<Methods<Rpcs>>): Layer.Layer<Each<Rpcs>>
} = (asked: AnyGroup | Tagged<any, any>, methods: Partial<Methods<any>>): Layer.Layer<any> =>
  Context.isKey(asked)
    ? Layer.succeed(asked, mock(methods))
    : Layer.succeedContext(OperationKeys.provided([asked as AnyGroup], mock(methods)))

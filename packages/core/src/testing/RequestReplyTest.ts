/**
 * A requester and a responder of one contract over memory, for tests of programs that use them.
 *
 * It is the real engine: payloads and replies travel as bytes, timeouts, retries and deduplication work as over Kafka, and
 * time is the test's (`TestClock`). What it cannot show is a broker that fails; `FaultyTransport` does that.
 *
 * @example
 * ```ts
 * import * as assert from "node:assert/strict"
 * import * as Contract from "@kafka-request-reply/core/Contract"
 * import * as RequestReplyTest from "@kafka-request-reply/core/RequestReplyTest"
 * import { Effect, Schema } from "effect"
 * import { Rpc, RpcGroup } from "effect/rpc"
 *
 * const GetStock = Rpc.make("GetStock", { payload: { sku: Schema.String }, success: Schema.Int }).annotate(Contract.Safe, true)
 * const Inventory = RpcGroup.make(GetStock).annotate(Contract.Name, "inventory")
 * const handlers = Inventory.toLayer({ GetStock: () => Effect.succeed(12) })
 *
 * const test = Effect.gen(function* () {
 *   const inventory = yield* RequestReplyTest.client(Inventory)
 *   assert.equal(yield* inventory.GetStock({ sku: "TEA-0001" }), 12)
 * }).pipe(Effect.provide(handlers), Effect.scoped)
 * await Effect.runPromise(test)
 * ```
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcClient from "effect/rpc/RpcClient"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import type * as Scope from "effect/Scope"
import * as Requester from "../requester/Requester.ts"
import type { Options as RequesterOptions } from "../requester/Options.ts"
import type { RequestError } from "../requester/RequestError.ts"
import * as Responder from "../responder/Responder.ts"
import type { Options as ResponderOptions } from "../responder/Options.ts"
import type { MemoryBroker } from "../memory/MemoryBroker.ts"
import type * as StartError from "../startup/StartError.ts"
import type { Transport } from "../kafka/Transport.ts"
import * as MemoryTransport from "../memory/MemoryTransport.ts"

export interface Options {
  readonly requester?: Partial<RequesterOptions>
  readonly responder?: Partial<ResponderOptions>
}

/** A requester and a responder over the transport in the context; missing topics are created. */
export const layerOver = <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  options: Options = {}
): Layer.Layer<Requester.Of<RpcGroup.RpcGroup<Rpcs>>, StartError.StartError, Transport | Responder.Needs<Rpcs>> => {
  // Closing does not wait for handlers that a test leaves running: under a test's clock they never end.
  const common = { topics: "create", drainTimeout: 0 } as const
  return Layer.merge(
    Requester.layer(group, { ...common, ...options.requester }),
    Responder.layer(group, { ...common, ...options.responder })
  )
}

/** The same over a broker in memory of its own, which is in the context for inspection. */
export const layer = <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  options?: Options
): Layer.Layer<
  Requester.Of<RpcGroup.RpcGroup<Rpcs>> | Transport | MemoryBroker,
  StartError.StartError,
  Responder.Needs<Rpcs>
> => layerOver(group, options).pipe(Layer.provideMerge(MemoryTransport.layer))

/** A client of the contract whose calls are served by the handlers in the context, until the scope closes. */
export const client: <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  options?: Options
) => Effect.Effect<
  RpcClient.RpcClient<Rpcs, RequestError>,
  StartError.StartError,
  Responder.Needs<Rpcs> | Rpc.MiddlewareClient<Rpcs> | Scope.Scope
> = Effect.fnUntraced(function* <Rpcs extends Rpc.Any>(group: RpcGroup.RpcGroup<Rpcs>, options?: Options) {
  const context = yield* Layer.build(layer(group, options))
  return yield* Effect.provide(Requester.client(group), context)
})

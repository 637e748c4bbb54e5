/**
 * All public modules under their names: `import { Requester } from "@kafka-request-reply/core"`. A program that starts often
 * imports them by their own paths and loads less. Left out are `KafkajsTransport` and `RequesterProtocol`, which load
 * kafkajs and Effect's RPC client, and what is for tests only.
 *
 * @example
 * ```ts
 * import { Contract, Requester, Responder } from "@kafka-request-reply/core"
 * import * as MemoryTransport from "@kafka-request-reply/core/MemoryTransport"
 * import * as assert from "node:assert/strict"
 * import { Effect, Layer, Schema } from "effect"
 * import { Rpc, RpcGroup } from "effect/rpc"
 *
 * const GetStock = Rpc.make("GetStock", { payload: { sku: Schema.String }, success: Schema.Int }).annotate(Contract.Safe, true)
 * const Inventory = RpcGroup.make(GetStock).annotate(Contract.Name, "inventory")
 * const handlers = Inventory.toLayer({ GetStock: () => Effect.succeed(12) })
 *
 * const program = Effect.flatMap(Requester.client(Inventory), (inventory) => inventory.GetStock({ sku: "TEA-0001" }))
 * const both = Layer.mergeAll(
 *   Requester.layer(Inventory, { topics: "create" }),
 *   Responder.layer(Inventory, { topics: "create" }).pipe(Layer.provide(handlers))
 * ).pipe(Layer.provide(MemoryTransport.layer))
 * assert.equal(await Effect.runPromise(Effect.provide(program, both)), 12)
 * ```
 */
export * as Contract from "./contract/Contract.ts"
export * as ReplyHeaders from "./responder/ReplyHeaders.ts"
export * as RequestError from "./requester/RequestError.ts"
export * as RequestInfo from "./responder/RequestInfo.ts"
export * as Requester from "./requester/Requester.ts"
export * as Responder from "./responder/Responder.ts"
export * as StartError from "./startup/StartError.ts"
export * as Transport from "./kafka/Transport.ts"
export * as TransportError from "./kafka/TransportError.ts"
export { createClient } from "./promises/Client.ts"
export { serve } from "./promises/Server.ts"

/**
 * The responder: serves the operations of a contract over Kafka with the handlers in the context.
 *
 * Building the layer joins the contract's consumer group and serves; closing it drains: nothing new is started, what runs
 * is finished and answered, at most `drainTimeout`. Any number of responders share the partitions of the request topic.
 *
 * @example
 * ```ts
 * import * as Contract from "@kafka-request-reply/core/Contract"
 * import * as KafkajsTransport from "@kafka-request-reply/core/KafkajsTransport"
 * import * as MemoryTransport from "@kafka-request-reply/core/MemoryTransport"
 * import * as Responder from "@kafka-request-reply/core/Responder"
 * import { Effect, Layer, Schema } from "effect"
 * import { Rpc, RpcGroup } from "effect/rpc"
 *
 * const GetStock = Rpc.make("GetStock", { payload: { sku: Schema.String }, success: Schema.Int }).annotate(Contract.Safe, true)
 * const Inventory = RpcGroup.make(GetStock).annotate(Contract.Name, "inventory")
 * const handlers = Inventory.toLayer({ GetStock: () => Effect.succeed(12) })
 *
 * // Serves until it is interrupted, and then drains.
 * const serving = Responder.layer(Inventory, { topics: "create" }).pipe(Layer.provide(handlers))
 * export const program = Layer.launch(
 *   serving.pipe(Layer.provide(KafkajsTransport.layer({ brokers: ["localhost:9092"], clientId: "inventory" })))
 * )
 *
 * // The same over memory, for a moment.
 * await Effect.runPromise(Effect.provide(Effect.void, serving.pipe(Layer.provide(MemoryTransport.layer))))
 * ```
 *
 * A handler whose database is down rejects what it cannot do, and a circuit breaker keeps it from trying for a while:
 *
 * @example
 * ```ts
 * import * as assert from "node:assert/strict"
 * import * as Contract from "@kafka-request-reply/core/Contract"
 * import * as RequestReplyTest from "@kafka-request-reply/core/RequestReplyTest"
 * import * as Requester from "@kafka-request-reply/core/Requester"
 * import * as Responder from "@kafka-request-reply/core/Responder"
 * import { Effect, Schema } from "effect"
 * import { CircuitBreaker } from "effect/persistence"
 * import { Rpc, RpcGroup } from "effect/rpc"
 *
 * class DatabaseDown extends Schema.TaggedError<DatabaseDown>()("DatabaseDown", {}) {}
 *
 * const GetStock = Rpc.make("GetStock", { payload: { sku: Schema.String }, success: Schema.Int })
 * const Inventory = RpcGroup.make(GetStock).annotate(Contract.Name, "inventory")
 *
 * let queries = 0
 * const query = Effect.suspend(() => {
 *   queries++
 *   return Effect.fail(new DatabaseDown())
 * })
 * const handlers = Inventory.toLayer(
 *   Effect.gen(function* () {
 *     const breaker = yield* CircuitBreaker.make({
 *       tripPolicy: CircuitBreaker.consecutive(3),
 *       openDuration: "10 seconds"
 *     })
 *     return Inventory.of({
 *       GetStock: () =>
 *         query.pipe(
 *           breaker.execute({ key: "database" }),
 *           Effect.catchTag("DatabaseDown", () => Responder.reject("unavailable")),
 *           Effect.catchTag("CircuitBreakerError", () => Responder.reject("unavailable", { retryAfter: "10 seconds" }))
 *         )
 *     })
 *   }).pipe(Effect.provide(CircuitBreaker.layerStoreMemory()))
 * )
 *
 * const test = Effect.gen(function* () {
 *   const inventory = yield* RequestReplyTest.client(Inventory)
 *   for (let call = 0; call < 5; call++) {
 *     const error = yield* Effect.flip(inventory.GetStock({ sku: "TEA-0001" }).pipe(Requester.withTimeout("1 second")))
 *     assert.ok(error.reason._tag === "Rejected" && error.reason.status === "unavailable" && error.isTransient)
 *   }
 *   assert.equal(queries, 3)
 * }).pipe(Effect.provide(handlers), Effect.scoped)
 * await Effect.runPromise(test)
 * ```
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import type * as Scope from "effect/Scope"
import { type AnyGroup, type Contracts, groupsOf, type Operations, operationsOf } from "../contract/Operation.ts"
import type { Transport } from "../kafka/Transport.ts"
import * as PublisherOptions from "../publisher/PublisherOptions.ts"
import * as OptionRules from "../settings/OptionRules.ts"
import * as StartError from "../startup/StartError.ts"
import type { RefusedReplies } from "./internal/refusedTopics.ts"
import { start } from "./internal/start.ts"
import { defaults, type Options, rules } from "./Options.ts"

export type { RefusedReplies } from "./internal/refusedTopics.ts"
export type { Answered, FairShares, Options } from "./Options.ts"
export { reject, Rejection, type RejectOptions } from "./Rejection.ts"

/** What serves: of one contract, or of several together. */
export interface Status {
  /** The names of the contracts. */
  readonly contracts: ReadonlyArray<string>
  /** Handlers running now. */
  readonly running: Effect.Effect<number>
  /**
   * The reply topics that take no replies now, since when and why: callers that read them time out. Partition by
   * partition, each until a reply is written to it again. At most 1 000 for each contract.
   */
  readonly refusedReplies: Effect.Effect<ReadonlyArray<RefusedReplies>>
}

/** What serving these operations needs: their handlers, their middleware and what their schemas need. */
export type Needs<Rpcs extends Rpc.Any> = Rpc.ToHandler<Rpcs> | Rpc.Middleware<Rpcs> | Rpc.ServicesServer<Rpcs>

/** Handlers are found by the operation's name alone: of two operations with one name only the later one's would run. */
const checkNames = (groups: ReadonlyArray<AnyGroup>): Effect.Effect<void, StartError.StartError> => {
  const tags = groups.flatMap((group) => operationsOf(group).map(({ tag }) => tag))
  const repeated = tags.find((tag, index) => tags.indexOf(tag) !== index)
  if (repeated === undefined) return Effect.void
  const detail =
    "two contracts of this responder have an operation of this name, and a handler is found by it; serve each by a layer of its own, with its handlers provided to it"
  return StartError.because(new StartError.Unsupported({ operation: repeated, detail }))
}

/**
 * Serves a contract, or several, until the scope closes. Fails when it cannot start within `startTimeout`. Each contract
 * has its own topics, consumer group and limits.
 */
export const make = <const Given extends Contracts>(
  contracts: Given,
  overrides: Partial<Options> = {}
): Effect.Effect<Status, StartError.StartError, Transport | Needs<Operations<Given>> | Scope.Scope> =>
  Effect.gen(function* () {
    const options = OptionRules.withDefaults(defaults, overrides)
    const groups = groupsOf(contracts)
    const context = yield* Effect.context<never>()
    yield* StartError.checkOptions(options, rules)
    yield* StartError.checkOptions(options.publisher, PublisherOptions.rules, "publisher")
    yield* checkNames(groups)
    const served = yield* StartError.within(
      Effect.forEach(groups, (group) => start(group, options, context), { concurrency: "unbounded" }),
      options.startTimeout,
      "joining the responders' group"
    )
    return {
      contracts: served.map(({ contract }) => contract),
      running: Effect.sync(() => served.reduce((sum, { running }) => sum + running(), 0)),
      refusedReplies: Effect.sync(() => served.flatMap(({ refusedReplies }) => refusedReplies()))
    }
  })

/** The layer of `make`. It has no service to offer, so any number of them can be merged; `make` gives the `Status`. */
export const layer = <const Given extends Contracts>(
  contracts: Given,
  options: Partial<Options> = {}
): Layer.Layer<never, StartError.StartError, Transport | Needs<Operations<Given>>> =>
  Layer.effectDiscard(make(contracts, options))

/**
 * The responder: serves the operations of a contract over Kafka with the handlers in the context.
 *
 * Building the layer joins the contract's consumer group and serves; closing it drains: nothing new is started, what runs
 * is finished and answered, at most `drainTimeout`. Any number of responders share the partitions of the request topic.
 *
 * @example
 * ```ts
 * const Handlers = Inventory.toLayer(Inventory.of({ GetStock: ({ sku }) => findStock(sku) }))
 * const program = Layer.launch(Responder.layer(Inventory).pipe(Layer.provide(Handlers), Layer.provide(Kafka)))
 * ```
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import type * as Scope from "effect/Scope"
import type { Transport } from "../kafka/Transport.ts"
import * as PublisherOptions from "../publisher/PublisherOptions.ts"
import * as OptionRules from "../settings/OptionRules.ts"
import * as StartError from "../startup/StartError.ts"
import { start } from "./internal/start.ts"
import { defaults, type Options, rules } from "./Options.ts"

export type { Answered, Options } from "./Options.ts"

/** A contract being served. */
export class Responder extends Context.Service<
  Responder,
  {
    /** The contract's name. */
    readonly contract: string
    /** Handlers running now. */
    readonly running: Effect.Effect<number>
  }
>()("@kafka-request-reply/core/responder/Responder") {}

/** Serves the contract until the scope closes. Fails when it cannot start within `startTimeout`. */
export const make: <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  options?: Partial<Options>
) => Effect.Effect<
  Responder["Service"],
  StartError.StartError,
  Transport | Rpc.ToHandler<Rpcs> | Rpc.Middleware<Rpcs> | Rpc.ServicesServer<Rpcs> | Scope.Scope
> = Effect.fnUntraced(function* <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  overrides: Partial<Options> = {}
) {
  const options = OptionRules.withDefaults(defaults, overrides)
  const context = yield* Effect.context<Rpc.ToHandler<Rpcs> | Rpc.Middleware<Rpcs> | Rpc.ServicesServer<Rpcs>>()
  yield* StartError.checkOptions(options, rules)
  yield* StartError.checkOptions(options.publisher, PublisherOptions.rules, "publisher")
  const { contract, running } = yield* StartError.within(
    start(group, options, context),
    options.startTimeout,
    "joining the responders' group"
  )
  return Responder.of({ contract, running: Effect.sync(running) })
})

/** The layer of `make`. */
export const layer = <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  options: Partial<Options> = {}
): Layer.Layer<
  Responder,
  StartError.StartError,
  Transport | Rpc.ToHandler<Rpcs> | Rpc.Middleware<Rpcs> | Rpc.ServicesServer<Rpcs>
> => Layer.effect(Responder, make(group, options))

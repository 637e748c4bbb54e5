/**
 * The requester: calls the operations of contracts over Kafka and waits for their answers.
 *
 * One reply reader, one table of calls in flight and one sweeper serve all clients made from it. Building the layer fixes
 * the position that replies are read from, so the very first call cannot lose its reply; closing it waits for calls in
 * flight, at most `drainTimeout`.
 *
 * @example
 * ```ts
 * const program = Effect.gen(function* () {
 *   const inventory = yield* Requester.client(Inventory)
 *   return yield* inventory.GetStock({ sku: "TEA-0001" }).pipe(Requester.withTimeout("2 seconds"))
 * }).pipe(Effect.provide(Requester.layer([Inventory])))
 * ```
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcClient from "effect/rpc/RpcClient"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import type * as Scope from "effect/Scope"
import * as Contract from "../contract/Contract.ts"
import { type AnyGroup, clientMiddlewares, operationsOf } from "../contract/Operation.ts"
import type { Transport } from "../kafka/Transport.ts"
import * as PublisherOptions from "../publisher/PublisherOptions.ts"
import * as OptionRules from "../settings/OptionRules.ts"
import * as StartError from "../startup/StartError.ts"
import * as Method from "./internal/method.ts"
import { start, type Started } from "./internal/start.ts"
import { defaults, type Options, rules } from "./Options.ts"
import type { RequestError } from "./RequestError.ts"

export type { Options } from "./Options.ts"
export { withHeaders, withReplyMetadata, withRoutingKey, withTimeout, withWaitForReady } from "./CallSettings.ts"

/** Makes clients. Use `Requester.client`. */
export class Requester extends Context.Service<
  Requester,
  {
    /** What a client of this contract needs; undefined for contracts the layer was not given. */
    readonly environmentOf: Started["environmentOf"]
    /** Calls waiting for their outcome now. */
    readonly inFlight: Effect.Effect<number>
  }
>()("@kafka-request-reply/core/requester/Requester") {}

/** A default that no call may have would fail every call. To be asked of options that meet their rules. */
const checkTimeout = ({ maxTimeout, timeout }: Options): Effect.Effect<void, StartError.StartError> =>
  Duration.toMillis(timeout) <= Duration.toMillis(maxTimeout)
    ? Effect.void
    : StartError.because(
        new StartError.InvalidOption({ option: "timeout", given: String(timeout), accepts: "at most maxTimeout" })
      )

/**
 * A requester for these contracts. Fails when the brokers or topics are not there within `startTimeout`; later outages
 * are waited out inside the deadline of each call.
 */
export const make = (
  groups: readonly [AnyGroup, ...ReadonlyArray<AnyGroup>],
  overrides: Partial<Options> = {}
): Effect.Effect<Requester["Service"], StartError.StartError, Transport | Scope.Scope> => {
  const options = OptionRules.withDefaults(defaults, overrides)
  return StartError.checkOptions(options, rules).pipe(
    Effect.andThen(() => StartError.checkOptions(options.publisher, PublisherOptions.rules, "publisher")),
    Effect.andThen(() => checkTimeout(options)),
    Effect.andThen(StartError.within(start(groups, options), options.startTimeout, "preparing the requester's topics")),
    Effect.map(({ environmentOf, inFlight }) => Requester.of({ environmentOf, inFlight: Effect.sync(inFlight) }))
  )
}

/** The layer of `make`. */
export const layer = (
  groups: readonly [AnyGroup, ...ReadonlyArray<AnyGroup>],
  options: Partial<Options> = {}
): Layer.Layer<Requester, StartError.StartError, Transport> => Layer.effect(Requester, make(groups, options))

/**
 * A client of one contract: Effect's own type of an RPC client, so code written for Effect RPC reads the same. Dies when
 * the contract is not among those the layer was given: that is a mistake in the program's wiring.
 */
export const client: <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>
) => Effect.Effect<RpcClient.RpcClient<Rpcs, RequestError>, never, Requester | Rpc.MiddlewareClient<Rpcs>> =
  Effect.fnUntraced(function* <Rpcs extends Rpc.Any>(group: RpcGroup.RpcGroup<Rpcs>) {
    const requester = yield* Requester
    const services = yield* Effect.context<Rpc.MiddlewareClient<Rpcs>>()
    const name = Context.get(group.annotations, Contract.Name)
    const environment = yield* requester.environmentOf(group).pipe(
      Effect.catch((error) => {
        const given = `the group given to Requester.client is not the one of the name "${name}" given to Requester.layer`
        return Effect.die(new Error(`${given}, and its operations cannot be called: ${error.message}`))
      })
    )
    if (environment === undefined) {
      return yield* Effect.die(new Error(`contract "${name}" is not among those given to Requester.layer`))
    }
    // Nothing is inherited that an operation could be called like; what it is as text has a name that none can have.
    const methods: Record<string, unknown> = Object.create(null, {
      [Symbol.toPrimitive]: { value: () => `the client of ${name}` }
    })
    for (const operation of operationsOf(group)) {
      methods[operation.tag] = Method.make(operation, clientMiddlewares(operation, services), environment)
    }
    return methods as unknown as RpcClient.RpcClient<Rpcs, RequestError>
  })

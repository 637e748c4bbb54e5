/**
 * Responders and requesters of a contract nobody else knows, started and stopped by a test.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type * as RpcClient from "effect/rpc/RpcClient"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import { randomUUID } from "node:crypto"
import * as Requester from "../../../src/requester/Requester.ts"
import type { Options as RequesterOptions } from "../../../src/requester/Options.ts"
import type { RequestError } from "../../../src/requester/RequestError.ts"
import * as Responder from "../../../src/responder/Responder.ts"
import type { Options as ResponderOptions } from "../../../src/responder/Options.ts"
import * as TestContract from "./TestContract.ts"

export type Client = RpcClient.RpcClient<RpcGroup.Rpcs<TestContract.TestContract>, RequestError>

/** A contract with topics and a group of its own. */
export const newContract = (): TestContract.TestContract => TestContract.named(newName())

export const newName = (): string => `law-${randomUUID()}`

/** More than one, so that records spread; few, since a real broker creates them for every law. */
const partitions = 3

/** Laws about draining say how long; for the others, what is left over at the end of a test is not waited for. */
const common = { topics: "create", partitions, drainTimeout: 0 } as const

/** Builds a layer in a scope of its own within the test's. */
export const launch = Effect.fnUntraced(function* <A, E, R>(layer: Layer.Layer<A, E, R>) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const context = yield* Layer.buildWithScope(Layer.fresh(layer), scope)
  return { context, stop: Scope.close(scope, Exit.void) }
})

/** Starts a responder of the contract. */
export const serve = Effect.fnUntraced(function* (
  contract: TestContract.TestContract,
  handlers: Partial<TestContract.Handlers>,
  options: Partial<ResponderOptions> = {}
) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const responder = yield* Responder.make(contract, { ...common, hideDefects: false, ...options }).pipe(
    Effect.provide(yield* Layer.build(contract.toLayer(TestContract.handlers(handlers)))),
    Scope.provide(scope)
  )
  return { responder, stop: Scope.close(scope, Exit.void) }
})

/** Starts a requester of the contract. */
export const connect = Effect.fnUntraced(function* (
  contract: TestContract.TestContract,
  options: Partial<RequesterOptions> = {}
) {
  const layer = Requester.layer(contract, { ...common, ...options })
  const { context, stop } = yield* launch(layer)
  const client: Client = yield* Effect.provide(Requester.client(contract), context)
  return { client, inFlight: Effect.provide(Requester.inFlight(contract), context), stop }
})

/** A responder and a requester of a new contract. */
export const pair = Effect.fnUntraced(function* (
  handlers: Partial<TestContract.Handlers>,
  options: { readonly requester?: Partial<RequesterOptions>; readonly responder?: Partial<ResponderOptions> } = {}
) {
  const contract = newContract()
  const serving = yield* serve(contract, handlers, options.responder)
  const connected = yield* connect(contract, options.requester)
  return { contract, responder: serving.responder, stopResponder: serving.stop, ...connected }
})

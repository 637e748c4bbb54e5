/**
 * One operation of a contract as the engine sees it: the `Rpc` value, its codecs between values and bytes, and its
 * delivery annotations, read once.
 *
 * The only file that looks inside `effect/rpc` values (with the two public APIs, that module is tagged unstable), so the
 * casts that erase and restore their types are confined here.
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Headers from "effect/http/Headers"
import * as PrimaryKey from "effect/PrimaryKey"
import * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import type * as RpcMessage from "effect/rpc/RpcMessage"
import type * as RpcMiddleware from "effect/rpc/RpcMiddleware"
import * as RpcSchema from "effect/rpc/RpcSchema"
import * as Schema from "effect/Schema"
import { duration, invalidIn, oneOf, whole } from "../settings/OptionRules.ts"
import * as Bounds from "../wire/Bounds.ts"
import * as Contract from "./Contract.ts"
import { mayLose } from "./JsonLoss.ts"

/** An `Rpc` with its schemas visible and its types erased. */
export type AnyRpc = Rpc.Rpc<string, Schema.Top, Schema.Top, Schema.Top, RpcMiddleware.AnyServiceWithProps, any>

/** A group of any operations. */
export type AnyGroup = RpcGroup.RpcGroup<any>

/** One contract, or several. */
export type Contracts = AnyGroup | readonly [AnyGroup, ...ReadonlyArray<AnyGroup>]

/** The operations of one contract or of several. */
export type Operations<Given> =
  Given extends RpcGroup.RpcGroup<infer Rpcs> ? Rpcs : Given extends ReadonlyArray<infer One> ? Operations<One> : never

/** One contract or several, as a list. */
export const groupsOf = (contracts: Contracts): ReadonlyArray<AnyGroup> =>
  Array.isArray(contracts) ? contracts : [contracts as AnyGroup]

/** A request as middleware sees it, its types erased. */
export interface RpcRequest {
  readonly _tag: "Request"
  readonly id: RpcMessage.RequestId
  readonly tag: string
  readonly payload: unknown
  readonly headers: Headers.Headers
  readonly discard?: true
}

/** Between a value and its JSON form. Services that a schema needs come from the fiber that runs the effect. */
export interface Codec<A> {
  /** Whether the JSON form may hold what JSON cannot say, since the schema takes anything somewhere. */
  readonly mayLose: boolean
  readonly encode: (value: A) => Effect.Effect<unknown, Schema.SchemaError>
  readonly decode: (json: unknown) => Effect.Effect<A, Schema.SchemaError>
}

export interface Operation {
  readonly rpc: AnyRpc
  readonly tag: string
  readonly payload: Codec<unknown>
  readonly success: Codec<unknown>
  /** The declared errors, those of middleware included. */
  readonly error: Codec<unknown>
  /** The whole exit, for causes that are not one declared error; defects by the Rpc's defect schema. */
  readonly exit: Codec<Exit.Exit<unknown, unknown>>
  readonly isStream: boolean
  readonly isSafe: boolean
  readonly isIdempotent: boolean
  /** Whether running it again does no harm: it is safe or idempotent. */
  readonly mayRunTwice: boolean
  /** Whether `Rpc.make` was given a `primaryKey`. */
  readonly hasPrimaryKey: boolean
  readonly timeout: Duration.Input | undefined
  readonly retry: Contract.RetryPolicy
  /** Undefined: not hedged. */
  readonly hedge: Contract.HedgePolicy | undefined
  readonly isFinal: (error: unknown) => boolean
  /** Whether its answers are kept for repeated requests. */
  readonly storesReplies: boolean
  /** How long they are kept, and how many; undefined: as the responder's options say. */
  readonly dedupeAge: Duration.Input | undefined
  readonly dedupeEntries: number | undefined
  /** How many of its handlers may run at one time; undefined: as many as of all. */
  readonly concurrency: number | undefined
  /** How long its requests may wait; undefined: as the responder's options say. */
  readonly maxWait: Duration.Input | undefined
  readonly priority: Contract.Priority
  /** Who asks, as a part of the key. */
  readonly identity: ((caller: Contract.Caller) => string) | undefined
}

/** Why an operation cannot be carried over Kafka, if it cannot. */
export const refusalOf = (operation: Operation): string | undefined => {
  if (operation.tag === "") return "its name is empty; name it in Rpc.make"
  // All halves of a character have the same UTF-8: two operations could be one on the wire.
  if (!operation.tag.isWellFormed()) return "its name is no valid text, since half of a character is missing"
  if (operation.isStream) return "streams are not in version 1 of the protocol yet"
  const bytes = Buffer.byteLength(operation.tag, "utf8")
  return bytes <= Bounds.maxOperationBytes
    ? limitRefusalOf(operation)
    : `its name has ${bytes} bytes, more than ${Bounds.maxOperationBytes}`
}

const limits = { concurrency: whole(1), maxWait: duration(1), priority: oneOf(...Contract.priorities) }

const limitRefusalOf = ({ concurrency, maxWait, priority }: Operation): string | undefined => {
  const refusal = invalidIn({ concurrency, maxWait, priority }, limits)
  if (refusal === undefined) return undefined
  const { accepts, given, option } = refusal
  return `its Contract.${option[0]!.toUpperCase()}${option.slice(1)} is ${given}; it accepts ${accepts}`
}

/** The primary key of a made or decoded payload. */
export const primaryKeyOf = (payload: unknown): string | undefined =>
  PrimaryKey.isPrimaryKey(payload) ? PrimaryKey.value(payload) : undefined

const declaresPrimaryKey = (rpc: AnyRpc): boolean =>
  typeof rpc.payloadSchema === "function" &&
  PrimaryKey.isPrimaryKey((rpc.payloadSchema as { readonly prototype?: unknown }).prototype)

const build = (rpc: AnyRpc): Operation => {
  const options = Context.get(rpc.annotations, Rpc.ParseOptions)
  // The erased schema's services are unknown here; both public APIs state them in their R.
  const codec = <A>(schema: Schema.Top): Codec<A> => {
    const json = Schema.toCodecJson(schema)
    return {
      mayLose: mayLose(json.ast),
      encode: Schema.encodeUnknownEffect(json, options) as Codec<A>["encode"],
      decode: Schema.decodeUnknownEffect(json, options) as Codec<A>["decode"]
    }
  }
  const exit = Rpc.exitSchema(rpc)
  const isSafe = Context.get(rpc.annotations, Contract.Safe)
  const isIdempotent = Context.get(rpc.annotations, Contract.Idempotent)
  return {
    rpc,
    tag: rpc._tag,
    payload: codec(rpc.payloadSchema),
    success: codec(exit.value),
    error: codec(exit.error),
    exit: codec(exit),
    isStream: RpcSchema.isStreamSchema(rpc.successSchema),
    isSafe,
    isIdempotent,
    mayRunTwice: isSafe || isIdempotent,
    hasPrimaryKey: declaresPrimaryKey(rpc),
    timeout: Context.get(rpc.annotations, Contract.Timeout),
    retry: Context.get(rpc.annotations, Contract.Retry),
    hedge: Context.get(rpc.annotations, Contract.Hedge),
    isFinal: Context.get(rpc.annotations, Contract.FinalErrors),
    storesReplies: Context.get(rpc.annotations, Contract.StoreReplies),
    dedupeAge: Context.get(rpc.annotations, Contract.DedupeAge),
    dedupeEntries: Context.get(rpc.annotations, Contract.DedupeEntries),
    concurrency: Context.get(rpc.annotations, Contract.Concurrency),
    maxWait: Context.get(rpc.annotations, Contract.MaxWait),
    priority: Context.get(rpc.annotations, Contract.Priority),
    identity: Context.get(rpc.annotations, Contract.Identity)
  }
}

// Keyed by the object, not by its tag: `.annotate`, `.middleware` and `.prefix` make new objects with other meanings.
const cache = new WeakMap<AnyRpc, Operation>()

const operationOf = (rpc: AnyRpc): Operation => {
  let operation = cache.get(rpc)
  if (operation === undefined) cache.set(rpc, (operation = build(rpc)))
  return operation
}

/** The operations of a group, in the order they were declared. */
export const operationsOf = <R extends Rpc.Any>(group: RpcGroup.RpcGroup<R>): ReadonlyArray<Operation> =>
  (Array.from(group.requests.values()) as ReadonlyArray<Rpc.Any> as ReadonlyArray<AnyRpc>).map(operationOf)

/** A client middleware as `RpcMiddleware.layerClient` stores it. */
export type ClientMiddleware = RpcMiddleware.RpcMiddlewareClient<unknown, unknown, unknown>

/** The middlewares of an operation whose client half is in the context, first declared first. */
export const clientMiddlewares = (
  operation: Operation,
  context: Context.Context<never>
): ReadonlyArray<ClientMiddleware> =>
  Array.from(operation.rpc.middlewares).flatMap((tag) => {
    // Effect stores the client half under this key; only middlewares with `requiredForClient` are in the types.
    const found = Context.getOrUndefined(
      context,
      Context.Service<ClientMiddleware, ClientMiddleware>(`${tag.key}/Client`)
    )
    return found === undefined ? [] : [found]
  })

/** The middlewares of an operation at the server, first declared first. */
export const serverMiddlewares = (
  operation: Operation,
  context: Context.Context<never>
): ReadonlyArray<RpcMiddleware.Any> =>
  Array.from(operation.rpc.middlewares, (tag) => Context.getUnsafe(context, tag) as RpcMiddleware.Any)

/** The handler that the group's `toLayer` put into the context, with the context it was built in. */
export const handlerOf = (operation: Operation, context: Context.Context<never>): Rpc.Handler<string> | undefined =>
  Context.getOrUndefined(context, Context.Service<Rpc.Handler<string>, Rpc.Handler<string>>(operation.rpc.key))

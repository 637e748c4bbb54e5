/**
 * What a contract says about delivery: annotations for `RpcGroup` and `Rpc` values, and the names derived from them.
 *
 * The operations themselves are plain Effect RPC (`Rpc.make`, `RpcGroup.make`); nothing here sends or receives.
 *
 * @example
 * ```ts
 * import * as Contract from "@kafka-request-reply/core/Contract"
 * import { Schema } from "effect"
 * import { Rpc, RpcGroup } from "effect/rpc"
 *
 * class OutOfStock extends Schema.TaggedError<OutOfStock>()("OutOfStock", { available: Schema.Int }) {}
 *
 * // Only reads: retried anywhere.
 * const GetStock = Rpc.make("GetStock", { payload: { sku: Schema.String }, success: Schema.Int }).annotate(Contract.Safe, true)
 *
 * // Done once for each order, however often it is asked for.
 * const Reserve = Rpc.make("Reserve", {
 *   payload: { orderId: Schema.String, sku: Schema.String, quantity: Schema.Int },
 *   error: OutOfStock,
 *   primaryKey: ({ orderId }) => orderId
 * }).annotate(Contract.Idempotent, true)
 *
 * export const Inventory = RpcGroup.make(GetStock, Reserve).annotate(Contract.Name, "inventory")
 * ```
 */
import "../host/requiredNode.ts"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Headers from "effect/http/Headers"

const id = "@kafka-request-reply/core/contract/Contract"

/** The contract's name, from which topics and the responder's group are named. On the group; required. */
export const Name: Context.Reference<string> = Context.Reference<string>(`${id}/Name`, { defaultValue: () => "" })

/**
 * The operation only reads: it may run any number of times, so it is retried, and a retry may go to another partition.
 * Its replies are never stored.
 */
export const Safe: Context.Reference<boolean> = Context.Reference<boolean>(`${id}/Safe`, { defaultValue: () => false })

/** Running the operation twice has the effect of running it once: it is retried, on the same partition. */
export const Idempotent: Context.Reference<boolean> = Context.Reference<boolean>(`${id}/Idempotent`, {
  defaultValue: () => false
})

/** How long a call waits when the caller sets no timeout. The requester's `timeout` option applies when this is absent. */
export const Timeout: Context.Reference<Duration.Input | undefined> = Context.Reference<Duration.Input | undefined>(
  `${id}/Timeout`,
  { defaultValue: () => undefined }
)

/** How a retried operation backs off. Attempts happen inside the one deadline of the call. */
export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly maxAttempts: number
  /** The delay before the first retry; it doubles from there, ±20 %. */
  readonly baseDelay: Duration.Input
  /** The longest delay. */
  readonly maxDelay: Duration.Input
  /** How long an attempt waits for its reply before the next one is sent; absent: only failures are retried. */
  readonly attemptTimeout?: Duration.Input
}

/** The retry policy of `Safe` and `Idempotent` operations; others are never retried. */
export const Retry: Context.Reference<RetryPolicy> = Context.Reference<RetryPolicy>(`${id}/Retry`, {
  defaultValue: () => ({ maxAttempts: 4, baseDelay: "100 millis", maxDelay: "2 seconds" })
})

/**
 * After which time a call is hedged: a duration, or the time in which so many percent of the operation's calls were answered
 * lately. A percentile is known after 32 answers; before, it is `max`, and without one nothing is hedged yet.
 */
export type HedgeDelay =
  | Duration.Input
  | { readonly percentile: number; readonly min?: Duration.Input; readonly max?: Duration.Input }

/** How an operation is hedged. */
export interface HedgePolicy {
  /** How long the newest attempt waits for its reply before another one is sent beside it. */
  readonly delay: HedgeDelay
  /** Attempts in all, the first included. Default 2. */
  readonly maxAttempts?: number
  /** Hedges for each call in the long run, besides a burst of five. Default 0.1: one for ten calls. */
  readonly budget?: number
}

/**
 * Sends another attempt of a call to another partition while the first one goes on; the first usable reply ends the call, and
 * responders are told to stop what the others do. For `Safe` operations only, whose slowest calls take much longer than
 * most; default: none. A call switches it off by `Requester.withHedge(false)`.
 */
export const Hedge: Context.Reference<HedgePolicy | undefined> = Context.Reference<HedgePolicy | undefined>(
  `${id}/Hedge`,
  { defaultValue: () => undefined }
)

/**
 * Tells of a declared error whether it is final, so that a repeated request is answered with the stored error instead of running
 * again. Default: none, since most business errors (out of stock) may end differently later.
 */
export const FinalErrors: Context.Reference<(error: unknown) => boolean> = Context.Reference<
  (error: unknown) => boolean
>(`${id}/FinalErrors`, { defaultValue: () => () => false })

/**
 * Whether the responder keeps the answers of an operation, to send them again to callers that ask with the same key (default).
 * False where the handler itself remembers what it did, in its database: repeated requests then join a run that is going
 * on, but after it they run again, so that the answer is always what the database says now.
 */
export const StoreReplies: Context.Reference<boolean> = Context.Reference<boolean>(`${id}/StoreReplies`, {
  defaultValue: () => true
})

/** How long answers of the operation are kept per key. The responder's `dedupeAge` applies when this is absent. */
export const DedupeAge: Context.Reference<Duration.Input | undefined> = Context.Reference<Duration.Input | undefined>(
  `${id}/DedupeAge`,
  { defaultValue: () => undefined }
)

/** How many answers of the operation are kept. The responder's `dedupeEntries` applies when this is absent. */
export const DedupeEntries: Context.Reference<number | undefined> = Context.Reference<number | undefined>(
  `${id}/DedupeEntries`,
  { defaultValue: () => undefined }
)

/**
 * How many handlers of the operation may run at one time, of each responder. Requests beyond wait, and take no place from
 * other operations; the responder's `concurrency` holds for all together. Default: no limit but that.
 */
export const Concurrency: Context.Reference<number | undefined> = Context.Reference<number | undefined>(
  `${id}/Concurrency`,
  { defaultValue: () => undefined }
)

/**
 * A request of the operation that waited longer than this since it was appended is answered `overloaded` instead of being
 * run. The responder's `maxWait` applies when this is absent.
 */
export const MaxWait: Context.Reference<Duration.Input | undefined> = Context.Reference<Duration.Input | undefined>(
  `${id}/MaxWait`,
  { defaultValue: () => undefined }
)

/** From the most urgent to the least. */
export const priorities = ["high", "normal", "low"] as const
export type Priority = (typeof priorities)[number]

/**
 * Whose requests have the next place when not all can have one: `high` before `normal` before `low`, and the least urgent
 * are refused first. Of one record key the order stays.
 */
export const Priority: Context.Reference<Priority> = Context.Reference<Priority>(`${id}/Priority`, {
  defaultValue: () => "normal"
})

/** Who asks, as the middleware of the operation let the request through. */
export interface Caller {
  /** The request's headers as text, names in lower case. */
  readonly headers: Headers.Headers
  /** A service that a middleware of the operation provides. Throws when none does: the call then ends with a defect. */
  readonly service: <I, S>(service: Context.Key<I, S>) => S
}

/**
 * Who asks, as a part of the key: answers are shared by the requests of one identity, and two callers that use the same key
 * are two. Asked at the responder after the middleware has let the request through. Default: none, so that whoever passes
 * the middleware and knows the key gets the answer. Must not be taken from a header that no middleware has verified.
 *
 * @example
 * ```ts
 * import * as Contract from "@kafka-request-reply/core/Contract"
 * import { Context, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * class CurrentUser extends Context.Service<CurrentUser, { readonly name: string }>()("CurrentUser") {}
 *
 * // With a middleware that provides CurrentUser.
 * export const Reserve = Rpc.make("Reserve", {
 *   payload: { orderId: Schema.String },
 *   primaryKey: ({ orderId }) => orderId
 * }).annotate(Contract.Identity, ({ service }) => service(CurrentUser).name)
 * ```
 */
export const Identity: Context.Reference<((caller: Caller) => string) | undefined> = Context.Reference<
  ((caller: Caller) => string) | undefined
>(`${id}/Identity`, { defaultValue: () => undefined })

/** Topics and group of a contract. */
export interface ContractNames {
  readonly name: string
  readonly requests: string
  readonly replies: string
  readonly control: string
  readonly responderGroup: string
}

// Kafka allows [a-zA-Z0-9._-] and 249 characters in a topic name; the longest suffix is ".responder".
const legalName = /^[a-zA-Z0-9._-]{1,230}$/

/** The names derived from a group's `Name`, or undefined when the name is absent or no legal part of a topic name. */
export const namesOf = (group: { readonly annotations: Context.Context<never> }): ContractNames | undefined => {
  const name = Context.get(group.annotations, Name)
  if (!legalName.test(name)) return undefined
  return {
    name,
    requests: `${name}.requests`,
    replies: `${name}.replies`,
    control: `${name}.control`,
    responderGroup: `${name}.responder`
  }
}

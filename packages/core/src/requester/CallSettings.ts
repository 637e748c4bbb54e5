/**
 * What one call may say about itself: Effect context references with combinators, so that they work on any effect that
 * makes calls, and reach calls made deep inside it.
 *
 * Read in this order: the call's `options.context`, the fiber's context, the contract's annotation, the requester's
 * option.
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { dual } from "effect/Function"
import type { Operation } from "../contract/Operation.ts"
import type { RecordHeaders } from "../wire/RecordHeaders.ts"

const id = "@kafka-request-reply/core/requester/CallSettings"

/** How long the call may take in all, its retries included. */
export const Timeout: Context.Reference<Duration.Input | undefined> = Context.Reference<Duration.Input | undefined>(
  `${id}/Timeout`,
  { defaultValue: () => undefined }
)

/** The record key: calls with the same one run in order, on one partition. Default: the payload's primary key. */
export const RoutingKey: Context.Reference<string | undefined> = Context.Reference<string | undefined>(
  `${id}/RoutingKey`,
  { defaultValue: () => undefined }
)

/**
 * Whether a call waits for Kafka to become reachable, inside its deadline (default true), or fails at once as `NotSent`
 * when it is known to be unreachable.
 */
export const WaitForReady: Context.Reference<boolean> = Context.Reference<boolean>(`${id}/WaitForReady`, {
  defaultValue: () => true
})

/** Whether the call is hedged where its contract says so (`Contract.Hedge`). Default true. */
export const Hedge: Context.Reference<boolean> = Context.Reference<boolean>(`${id}/Hedge`, {
  defaultValue: () => true
})

/**
 * Headers as they are given to `withHeaders`: pairs in their order, names as often as they come, or a record. Text is
 * written in UTF-8, bytes as they are; names are case-sensitive, as Kafka's are.
 */
export type HeadersInput =
  | RecordHeaders
  | Iterable<readonly [name: string, value: string | Uint8Array]>
  | Readonly<Record<string, string | Uint8Array>>

/** Not checked before the call: a wrong value is an `InvalidHeaders` of the call, whatever it is. */
export type GivenHeaders = ReadonlyArray<readonly [name: unknown, value: unknown]>

const noHeaders: GivenHeaders = []

/** Record headers of the call, byte for byte, behind those that Effect's `RpcClient.withHeaders` gives it. */
export const Headers: Context.Reference<GivenHeaders> = Context.Reference<GivenHeaders>(`${id}/Headers`, {
  defaultValue: () => noHeaders
})

/** What came with a reply besides its value. */
export interface ReplyMetadata {
  /** What the handler added, by `ReplyHeaders.add`; protocol headers are not among them. */
  readonly headers: RecordHeaders
  /** The attempt that was answered, the first being 1. */
  readonly attempt: number
  /** The responder's clock when it answered, epoch milliseconds, when it said so. */
  readonly answeredAt: number | undefined
  /** The name of the responder instance that answered, when it said so. */
  readonly answeredBy: string | undefined
}

/** Told of the reply of every call made under it. */
export const ReplyObserver: Context.Reference<((metadata: ReplyMetadata) => void) | undefined> = Context.Reference<
  ((metadata: ReplyMetadata) => void) | undefined
>(`${id}/ReplyObserver`, { defaultValue: () => undefined })

/** A combinator that sets something for all calls made inside an effect; data-first or data-last. */
export interface With<Setting> {
  (setting: Setting): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(effect: Effect.Effect<A, E, R>, setting: Setting): Effect.Effect<A, E, R>
}

const withSetting = <S, Setting extends S>(reference: Context.Reference<S>): With<Setting> =>
  dual(2, <A, E, R>(effect: Effect.Effect<A, E, R>, setting: Setting) =>
    Effect.provideService(effect, reference, setting)
  )

/** Gives all calls made inside the effect this timeout. */
export const withTimeout: With<Duration.Input> = withSetting(Timeout)

/** Gives all calls made inside the effect this routing key, over the payload's primary key. */
export const withRoutingKey: With<string> = withSetting(RoutingKey)

/** Says for all calls made inside the effect whether they wait for Kafka to become reachable. */
export const withWaitForReady: With<boolean> = withSetting(WaitForReady)

/** Says for all calls made inside the effect whether those whose contract has a `Contract.Hedge` are hedged. */
export const withHedge: With<boolean> = withSetting(Hedge)

const pairsOf = (input: unknown): GivenHeaders => {
  if (typeof input !== "object" || input === null) return [[input, undefined]]
  if (!(Symbol.iterator in input)) return Object.entries(input)
  return Array.from(input as Iterable<unknown>, (pair) =>
    Array.isArray(pair) ? [pair[0], pair[1]] : [pair, undefined]
  )
}

const withThem = (around: GivenHeaders, input: HeadersInput): GivenHeaders => {
  const own = pairsOf(input)
  const names = new Set(own.map(([name]) => name))
  return [...around.filter(([name]) => !names.has(name)), ...own]
}

/**
 * Gives all calls made inside the effect these record headers, exactly as they are: case, order, repeats and bytes.
 * Headers around them are kept, except those of the same name. Names of the protocol (`kafka_…`, `REPLY_…`, `rr`,
 * `traceparent`) and values that are neither text nor bytes fail the call as `InvalidHeaders`.
 */
export const withHeaders: {
  (headers: HeadersInput): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(effect: Effect.Effect<A, E, R>, headers: HeadersInput): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(effect: Effect.Effect<A, E, R>, headers: HeadersInput): Effect.Effect<A, E, R> =>
  Effect.updateService(effect, Headers, (around) => withThem(around, headers))
)

/** The effect's result together with the metadata of the last reply it got; undefined when it got none. */
export const withReplyMetadata = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<readonly [value: A, metadata: ReplyMetadata | undefined], E, R> =>
  Effect.suspend(() => {
    let last: ReplyMetadata | undefined
    return effect.pipe(
      Effect.provideService(ReplyObserver, (metadata) => {
        last = metadata
      }),
      Effect.map((value) => [value, last] as const)
    )
  })

/** One call's settings, as far as they were given. */
export interface CallSettings {
  readonly timeout: Duration.Input | undefined
  readonly routingKey: string | undefined
  readonly waitsForReady: boolean
  /** Whether it is hedged if its operation is. */
  readonly isHedged: boolean
  readonly observer: ((metadata: ReplyMetadata) => void) | undefined
}

/** The record headers around a request: read when it is sent, since middleware may add some. */
export const headersOf = (
  own: Context.Context<never> | undefined,
  fiber: Fiber.Fiber<unknown, unknown>
): GivenHeaders =>
  (own === undefined ? undefined : Context.getOrUndefined(own, Headers)) ??
  Context.getOrUndefined(fiber.context, Headers) ??
  noHeaders

/** Reads the settings in their order of precedence. */
export const read = (
  operation: Operation,
  own: Context.Context<never> | undefined,
  fiber: Fiber.Fiber<unknown, unknown>
): CallSettings => {
  const setting = <A>(reference: Context.Reference<A>): A | undefined =>
    (own === undefined ? undefined : Context.getOrUndefined(own, reference)) ??
    Context.getOrUndefined(fiber.context, reference)
  return {
    timeout: setting(Timeout) ?? operation.timeout,
    routingKey: setting(RoutingKey),
    waitsForReady: setting(WaitForReady) ?? true,
    isHedged: operation.hedge !== undefined && (setting(Hedge) ?? true),
    observer: setting(ReplyObserver)
  }
}

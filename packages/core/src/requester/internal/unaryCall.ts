/**
 * One method of a client: from the caller's arguments to a prepared call, and from its reply to the caller's result.
 *
 * Everything happens inside the returned effect, in the caller's fiber: it never throws, and schemas find their services.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Headers from "effect/http/Headers"
import * as RpcMessage from "effect/rpc/RpcMessage"
import * as Result from "effect/Result"
import * as Tracer from "effect/Tracer"
import { CallDeadline } from "../../contract/CallBudget.ts"
import { type ClientMiddleware, type Operation, primaryKeyOf, type RpcRequest } from "../../contract/Operation.ts"
import * as PayloadCodec from "../../contract/PayloadCodec.ts"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import { traceparentOf } from "../../telemetry/TraceContext.ts"
import type { ReplyAddress } from "../../wire/ReplyAddress.ts"
import * as RequestEnvelope from "../../wire/RequestEnvelope.ts"
import * as CallSettings from "../CallSettings.ts"
import type { Options } from "../Options.ts"
import {
  BudgetExhausted,
  InvalidHeaders,
  InvalidPayload,
  type InvalidTimeout,
  NoResponder,
  type RequestError,
  RequestTooLarge
} from "../RequestError.ts"
import type { Refusal } from "../Refusal.ts"
import type { CallEngine, Prepared } from "./callEngine.ts"
import type { CallRecorder } from "./callRecorder.ts"
import * as CallHeaders from "./callHeaders.ts"
import * as CallPayload from "./callPayload.ts"
import { timeoutMillisOf } from "./callTimeout.ts"
import type { Canceller } from "./canceller.ts"
import type { Resend } from "./pendingCall.ts"
import * as ReplyDecoder from "./replyDecoder.ts"
import type { RequestRouter } from "./requestRouter.ts"
import type { ResponderWatch } from "./responderWatch.ts"
import { requestErrorOf } from "./requestErrorOf.ts"
import { timesOf } from "./retryDecision.ts"

/** What `RpcClient` methods take besides the payload. */
export interface CallOptions {
  readonly headers?: Headers.Input | undefined
  readonly context?: Context.Context<never> | undefined
  readonly discard?: boolean | undefined
}

export interface Environment {
  readonly engine: CallEngine
  readonly router: RequestRouter
  readonly canceller: Canceller | undefined
  /** Undefined when calls wait for a responder. */
  readonly watch: ResponderWatch | undefined
  /** Where replies come to now; it changes when the reply topic was lost. */
  readonly replyTo: () => ReplyAddress
  readonly options: Options
  readonly recorder: CallRecorder
  readonly maxTimeoutMillis: number
}

type Send = (request: RpcRequest) => Effect.Effect<unknown, unknown>

/** The idempotency key of a payload, or what is wrong with it. */
const keyOf = (payload: unknown): Result.Result<string | undefined, string> => {
  try {
    const key = primaryKeyOf(payload)
    // All halves of a character have the same UTF-8: keys that differ in them would be one key at the responder.
    return key === undefined || key.isWellFormed()
      ? Result.succeed(key)
      : Result.fail("its primary key is no valid text")
  } catch (error) {
    return Result.fail(`its primary key cannot be made: ${error instanceof Error ? error.message : String(error)}`)
  }
}

export const make = (
  operation: Operation,
  middlewares: ReadonlyArray<ClientMiddleware>,
  environment: Environment
): ((payload: unknown, options?: CallOptions) => Effect.Effect<unknown, unknown, unknown>) => {
  const { canceller, engine, maxTimeoutMillis, options, recorder, replyTo, router, watch } = environment
  const { tag } = operation
  const times = operation.mayRunTwice ? timesOf(operation.retry) : undefined
  let nextRequest = 0
  // Most calls ask for the same timeout, often as text: it is read once.
  let lastAsked: Duration.Input | undefined
  let lastTimeoutMillis: number | InvalidTimeout = 0

  /** Nothing was sent. */
  const refuse = (reason: Refusal): RequestError => {
    recorder.refused(tag, reason._tag)
    return requestErrorOf(operation, reason)
  }
  const invalidPayload = (error: { readonly message: string }) =>
    refuse(new InvalidPayload({ operation: tag, detail: error.message }))
  const onInvalidReply = () => recorder.invalidReply(tag)

  /** The record of each attempt: all of it but the attempt number and the time that is left is made once. */
  const recordsOf =
    (fields: RequestEnvelope.Fields, left: () => number, key: Uint8Array | null, value: Uint8Array) =>
    (correlationId: Uint8Array): Resend => {
      const address = replyTo()
      // What may not run twice at one time stays where it was sent first, key or not: only there it is known again.
      const home = router.route(key, 0)
      return (attempt) => {
        const timeout = attempt === 1 ? fields.timeout : left()
        return {
          topic: router.topic,
          partition: attempt === 1 || !operation.isSafe ? home : router.route(key, attempt - 1),
          key,
          value,
          headers: RequestEnvelope.encode({ ...fields, timeout, correlationId, replyTo: address, attempt })
        }
      }
    }

  const exchangeIn =
    (
      fiber: Fiber.Fiber<unknown, unknown>,
      settings: CallSettings.CallSettings,
      timeoutMillis: number,
      isDiscard: boolean
    ): Send =>
    (request) => {
      const clock = fiber.getRef(Clock.Clock)
      const startedAt = monotonicMillis(clock)
      // A call made inside a handler never outlives the request it serves.
      const inherited = Context.getOrUndefined(fiber.context, CallDeadline) ?? Number.POSITIVE_INFINITY
      const remaining = Math.min(timeoutMillis, inherited - startedAt)
      if (remaining <= 0) return Effect.fail(refuse(new BudgetExhausted({ operation: tag })))
      if (watch?.isAbsent() === true) {
        return Effect.fail(refuse(new NoResponder({ operation: tag, group: watch.group })))
      }
      const deadline = startedAt + remaining
      const left = () => Math.max(0, Math.round(deadline - monotonicMillis(clock)))
      const callHeaders = CallHeaders.toRecord(request.headers)
      if (typeof callHeaders === "string") {
        return Effect.fail(refuse(new InvalidHeaders({ operation: tag, detail: callHeaders })))
      }
      const exchange = (json: unknown, traceparent: string | undefined): Effect.Effect<unknown, unknown> => {
        const body = PayloadCodec.json.toBytes(json)
        if (Result.isFailure(body)) return Effect.fail(invalidPayload({ message: body.failure }))
        const value = body.success
        if (value.byteLength > options.maxRequestBytes) {
          const sizes = { bytes: value.byteLength, limit: options.maxRequestBytes }
          return Effect.fail(refuse(new RequestTooLarge({ operation: tag, ...sizes })))
        }
        const key = keyOf(request.payload)
        if (Result.isFailure(key)) return Effect.fail(invalidPayload({ message: key.failure }))
        const primaryKey = key.success
        const routingKey = settings.routingKey ?? primaryKey
        // Encoding and middleware may have taken their time.
        const timeout = left()
        const fields: RequestEnvelope.Fields = {
          kind: "request",
          operation: tag,
          deadline: Math.round(clock.currentTimeMillisUnsafe() + timeout),
          timeout,
          key: primaryKey,
          isDiscard,
          traceparent,
          callHeaders
        }
        const prepared: Prepared = {
          operation,
          times,
          startedAt,
          deadline,
          byteSize: value.byteLength,
          waitsForReady: settings.waitsForReady,
          canceller,
          recordOf: recordsOf(fields, left, routingKey === undefined ? null : Buffer.from(routingKey, "utf8"), value)
        }
        return Effect.flatMap(engine.exchange(prepared), (reply) => {
          settings.observer?.({
            headers: reply.envelope.replyHeaders,
            attempt: reply.envelope.attempt ?? 1,
            answeredAt: reply.envelope.at,
            answeredBy: reply.envelope.from
          })
          return ReplyDecoder.outcomeOf(operation, reply, isDiscard, onInvalidReply)
        })
      }
      const encoded = Effect.mapError(CallPayload.encode(operation, request.payload), refuse)
      if (!isTraced(fiber, options.tracing)) return Effect.flatMap(encoded, (json) => exchange(json, undefined))
      return Effect.useSpan(
        tag,
        {
          kind: "client",
          attributes: { "rpc.system": "kafka", "rpc.method": tag, "messaging.destination.name": router.topic }
        },
        (span) => Effect.flatMap(encoded, (json) => exchange(json, traceparentOf(span)))
      )
    }

  return (payload, callOptions) =>
    Effect.withFiber((fiber) => {
      const settings = CallSettings.read(operation, callOptions?.context, fiber)
      const asked = settings.timeout ?? options.timeout
      if (asked !== lastAsked) {
        lastTimeoutMillis = timeoutMillisOf(tag, asked, maxTimeoutMillis)
        lastAsked = asked
      }
      const timeoutMillis = lastTimeoutMillis
      if (typeof timeoutMillis !== "number") return Effect.fail(refuse(timeoutMillis))
      const made = CallPayload.make(operation, payload)
      if (Result.isFailure(made)) return Effect.fail(refuse(made.failure))
      const isDiscard = callOptions?.discard === true
      const request: RpcRequest = {
        _tag: "Request",
        id: RpcMessage.RequestId(String(nextRequest++)),
        tag,
        payload: made.success,
        headers: CallHeaders.headersOf(fiber, callOptions?.headers),
        ...(isDiscard ? { discard: true as const } : {})
      }
      let send = exchangeIn(fiber, settings, timeoutMillis, isDiscard)
      // First declared innermost. `next` is the whole exchange, so that middleware can retry and see errors.
      for (const middleware of middlewares) send = applyTo(middleware, operation, send)
      return send(request)
    })
}

const applyTo =
  (middleware: ClientMiddleware, operation: Operation, next: Send): Send =>
  (request) =>
    middleware({ rpc: operation.rpc, request: request as never, next: next as never }) as Effect.Effect<
      unknown,
      unknown
    >

const isTraced = (fiber: Fiber.Fiber<unknown, unknown>, tracing: Options["tracing"]): boolean => {
  if (tracing === "never") return false
  if (tracing === "always") return true
  return Context.getOrUndefined(fiber.context, Tracer.ParentSpan)?.sampled === true
}

/**
 * One method of a client: from the caller's arguments through middleware and schemas to an exchange, and from its reply to
 * the caller's result.
 *
 * Everything happens inside the returned effect, in the caller's fiber: it never throws, and schemas find their services.
 * The call's time begins before anything of it runs.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Headers from "effect/http/Headers"
import * as RpcMessage from "effect/rpc/RpcMessage"
import * as Tracer from "effect/Tracer"
import { CallAncestry, viaIn } from "../../contract/CallAncestry.ts"
import { CallDeadline } from "../../contract/CallBudget.ts"
import type { ClientMiddleware, Operation, RpcRequest } from "../../contract/Operation.ts"
import { traceparentOf } from "../../telemetry/TraceContext.ts"
import * as CallSettings from "../CallSettings.ts"
import type { Options } from "../Options.ts"
import {
  BudgetExhausted,
  InvalidHeaders,
  type InvalidPayload,
  type InvalidTimeout,
  NoResponder,
  type Reason
} from "../RequestError.ts"
import type { Reply } from "./call.ts"
import * as CallHeaders from "./callHeaders.ts"
import { CallHistory } from "./callHistory.ts"
import * as CallPayload from "./callPayload.ts"
import type { CallRecorder } from "./callRecorder.ts"
import type { Calls } from "./calls.ts"
import { timeoutMillisOf } from "./callTimeout.ts"
import type { ContractRoute } from "./contractRoute.ts"
import { outcomeOf } from "./decode.ts"
import type { Hedging } from "./hedging.ts"
import { prepare } from "./prepare.ts"
import { requestErrorOf } from "./requestErrorOf.ts"
import { type RetryTimes, timesOf } from "./retry.ts"

/** What `RpcClient` methods take besides the payload. */
export interface CallOptions {
  readonly headers?: Headers.Input | undefined
  readonly context?: Context.Context<never> | undefined
  readonly discard?: boolean | undefined
}

export interface MethodDependencies {
  readonly calls: Pick<Calls, "exchange" | "now" | "wallMillis" | "within">
  readonly route: ContractRoute
  readonly options: Options
  readonly recorder: CallRecorder
  readonly maxTimeoutMillis: number
}

/** What is known of a call before anything of it runs. */
interface Begun {
  readonly settings: CallSettings.CallSettings
  readonly startedAt: number
  readonly deadline: number
  readonly isDiscard: boolean
  readonly own: Context.Context<never> | undefined
  /** Undefined when there is one exchange and nothing before it that takes time. */
  readonly history: CallHistory | undefined
}

/** A request as an exchange needs it. */
type Asked = Pick<RpcRequest, "headers" | "payload">
type Send = (request: RpcRequest) => Effect.Effect<unknown, unknown>

const isTraced = (fiber: Fiber.Fiber<unknown, unknown>, tracing: Options["tracing"]): boolean => {
  if (tracing === "never") return false
  if (tracing === "always") return true
  return Context.getOrUndefined(fiber.context, Tracer.ParentSpan)?.sampled === true
}

class Method {
  readonly #operation: Operation
  readonly #middlewares: ReadonlyArray<ClientMiddleware>
  readonly #environment: MethodDependencies
  readonly #policy: RetryTimes | undefined
  readonly #hedging: Hedging | undefined
  readonly #invalidReply: () => void
  #nextRequest = 0
  // Callers ask again and again from one context, which never changes. It is not kept: a request may hang on it.
  #last: { readonly context: WeakRef<Context.Context<never>>; readonly settings: CallSettings.CallSettings } | undefined
  // Most calls ask for the same timeout, often as text: it is read once.
  #lastAsked: Duration.Input | undefined
  #lastTimeoutMillis: number | InvalidTimeout = 0

  constructor(operation: Operation, middlewares: ReadonlyArray<ClientMiddleware>, environment: MethodDependencies) {
    this.#operation = operation
    this.#middlewares = middlewares
    this.#environment = environment
    this.#policy = operation.mayRunTwice ? timesOf(operation.retry) : undefined
    this.#hedging = environment.route.hedgingOf(operation)
    this.#invalidReply = () => environment.recorder.invalidReply(operation.tag)
  }

  call(
    fiber: Fiber.Fiber<unknown, unknown>,
    payload: unknown,
    options: CallOptions | undefined
  ): Effect.Effect<unknown, unknown> {
    const begun = this.#begin(fiber, options)
    if ("_tag" in begun) return this.#refuse(begun)
    const headers = CallHeaders.headersOf(fiber, options?.headers)
    if (typeof headers === "string") return this.#invalidHeaders(headers)
    const isPlain = this.#middlewares.length === 0
    // Middleware is given nothing invalid; without any, encoding checks the value, and once is enough.
    const made = CallPayload.make(this.#operation, payload, isPlain)
    if (made._tag === "Failure") return this.#refuse(made.failure)
    if (!isPlain) return this.#throughMiddleware(begun, made.success, headers)
    const asked = { payload: made.success, headers }
    const encoding = CallPayload.encode(this.#operation, made.success)
    if (CallPayload.isEncoded(encoding)) return this.#encoded(fiber, begun, asked, encoding)
    return this.#slowly(begun, (slow) =>
      Effect.withFiber((inner) =>
        Effect.flatMap(Effect.exit(encoding), (exit) => this.#encoded(inner, slow, asked, exit))
      )
    )
  }

  #begin(fiber: Fiber.Fiber<unknown, unknown>, options: CallOptions | undefined): Begun | Reason {
    const { calls, maxTimeoutMillis, options: defaults } = this.#environment
    const settings = this.#settingsOf(fiber, options?.context)
    const asked = settings.timeout ?? defaults.timeout
    if (asked !== this.#lastAsked) {
      this.#lastTimeoutMillis = timeoutMillisOf(this.#operation.tag, asked, maxTimeoutMillis)
      this.#lastAsked = asked
    }
    if (typeof this.#lastTimeoutMillis !== "number") return this.#lastTimeoutMillis
    const startedAt = calls.now()
    // A call made inside a handler never outlives the request it serves.
    const inherited = Context.getOrUndefined(fiber.context, CallDeadline)?.at ?? Number.POSITIVE_INFINITY
    const deadline = Math.min(startedAt + this.#lastTimeoutMillis, inherited)
    if (deadline <= startedAt) return new BudgetExhausted({ operation: this.#operation.tag })
    const isDiscard = options?.discard === true
    return { settings, startedAt, deadline, isDiscard, own: options?.context, history: undefined }
  }

  #settingsOf(
    fiber: Fiber.Fiber<unknown, unknown>,
    own: Context.Context<never> | undefined
  ): CallSettings.CallSettings {
    if (own !== undefined) return CallSettings.read(this.#operation, own, fiber)
    const last = this.#last
    if (last?.context.deref() === fiber.context) return last.settings
    const settings = CallSettings.read(this.#operation, undefined, fiber)
    this.#last = { context: new WeakRef(fiber.context), settings }
    return settings
  }

  /** Runs what takes its time, or more than one exchange, under the deadline of the call. */
  #slowly(begun: Begun, body: (slow: Begun) => Effect.Effect<unknown, unknown>): Effect.Effect<unknown, unknown> {
    const history = new CallHistory(this.#operation, begun.startedAt, begun.deadline)
    return this.#environment.calls.within(
      history,
      Effect.suspend(() => body({ ...begun, history }))
    )
  }

  #throughMiddleware(begun: Begun, payload: unknown, headers: Headers.Headers): Effect.Effect<unknown, unknown> {
    const request: RpcRequest = {
      _tag: "Request",
      id: RpcMessage.RequestId(String(this.#nextRequest++)),
      tag: this.#operation.tag,
      payload,
      headers,
      ...(begun.isDiscard ? { discard: true as const } : {})
    }
    return this.#slowly(begun, (slow) => {
      // `next` is a whole exchange, so that middleware can call it again and see its errors.
      let send: Send = (asked) => Effect.withFiber((fiber) => this.#exchange(fiber, slow, asked))
      // First declared innermost.
      for (const middleware of this.#middlewares) send = applyTo(middleware, this.#operation, send)
      return send(request)
    })
  }

  #exchange(fiber: Fiber.Fiber<unknown, unknown>, begun: Begun, asked: Asked): Effect.Effect<unknown, unknown> {
    const encoding = CallPayload.encode(this.#operation, asked.payload)
    return CallPayload.isEncoded(encoding)
      ? this.#encoded(fiber, begun, asked, encoding)
      : Effect.flatMap(Effect.exit(encoding), (exit) => this.#encoded(fiber, begun, asked, exit))
  }

  #encoded(
    fiber: Fiber.Fiber<unknown, unknown>,
    begun: Begun,
    asked: Asked,
    encoding: Exit.Exit<unknown, InvalidPayload>
  ): Effect.Effect<unknown, unknown> {
    if (Exit.isFailure(encoding)) {
      const [reason] = encoding.cause.reasons
      if (reason === undefined || !Cause.isFailReason(reason)) return encoding
      // Encoding stops at the first thing that is wrong; whoever wrote the payload wants to know all of them.
      const all = begun.history === undefined ? CallPayload.make(this.#operation, asked.payload) : undefined
      return this.#refuse(all?._tag === "Failure" ? all.failure : reason.error, begun.history)
    }
    const { options, route } = this.#environment
    const { tag } = this.#operation
    if (!isTraced(fiber, options.tracing)) return this.#send(fiber, begun, asked, encoding.value, undefined)
    const attributes = {
      "rpc.system": "kafka",
      "rpc.method": tag,
      "messaging.destination.name": route.router.topic
    }
    return Effect.useSpan(tag, { kind: "client", attributes }, (span) =>
      this.#send(fiber, begun, asked, encoding.value, traceparentOf(span))
    )
  }

  #send(
    fiber: Fiber.Fiber<unknown, unknown>,
    begun: Begun,
    asked: Asked,
    json: unknown,
    traceparent: string | undefined
  ): Effect.Effect<unknown, unknown> {
    const { calls, options, route } = this.#environment
    const { deadline, history, isDiscard, settings, startedAt } = begun
    const isWatched = options.detectNoResponder !== "impatient" || !settings.waitsForReady
    const absence = isWatched ? route.watch?.absence() : undefined
    if (absence !== undefined) {
      return this.#refuse(new NoResponder({ operation: this.#operation.tag, ...absence }), history)
    }
    const headers = CallHeaders.toRecord(asked.headers, CallSettings.headersOf(begun.own, fiber))
    if (typeof headers === "string") return this.#invalidHeaders(headers, history)
    const template = prepare({
      operation: this.#operation,
      policy: this.#policy,
      // One that is answered as soon as it is accepted is never slow.
      hedging: settings.isHedged && !isDiscard ? this.#hedging : undefined,
      payload: asked.payload,
      json,
      headers,
      routingKey: settings.routingKey,
      waitsForReady: settings.waitsForReady,
      isDiscard,
      traceparent,
      via: viaIn(Context.getOrUndefined(fiber.context, CallAncestry)),
      maxRequestBytes: options.maxRequestBytes,
      startedAt,
      deadline,
      // Nothing has taken time yet where there is no history.
      timeout: Math.max(0, Math.round(deadline - (history === undefined ? startedAt : calls.now()))),
      wallMillis: calls.wallMillis()
    })
    if (template._tag === "Failure") return this.#refuse(template.failure, history)
    return Effect.flatMap(calls.exchange(template.success, route, history), (reply) => this.#outcome(reply, begun))
  }

  #outcome(reply: Reply, { isDiscard, settings }: Begun): Effect.Effect<unknown, unknown> {
    const { envelope } = reply
    settings.observer?.({
      // The bytes are views of all that was fetched at once, and what an observer keeps would keep it alive.
      headers: envelope.replyHeaders.map(([name, value]) => [name, new Uint8Array(value)]),
      attempt: envelope.attempt ?? 1,
      answeredAt: envelope.at,
      answeredBy: envelope.from
    })
    return outcomeOf(this.#operation, reply, isDiscard, this.#invalidReply)
  }

  /** Nothing was sent by this exchange. */
  #refuse(reason: Reason, history?: CallHistory): Effect.Effect<never, unknown> {
    this.#environment.recorder.refused(this.#operation.tag, reason._tag)
    return Effect.fail(history === undefined ? requestErrorOf(this.#operation, reason) : history.error(reason))
  }

  #invalidHeaders(detail: string, history?: CallHistory): Effect.Effect<never, unknown> {
    return this.#refuse(new InvalidHeaders({ operation: this.#operation.tag, detail }), history)
  }
}

const applyTo =
  (middleware: ClientMiddleware, operation: Operation, next: Send): Send =>
  (request) =>
    middleware({ rpc: operation.rpc, request: request as never, next: next as never }) as Effect.Effect<
      unknown,
      unknown
    >

export const make = (
  operation: Operation,
  middlewares: ReadonlyArray<ClientMiddleware>,
  environment: MethodDependencies
): ((payload: unknown, options?: CallOptions) => Effect.Effect<unknown, unknown, unknown>) => {
  const method = new Method(operation, middlewares, environment)
  return (payload, options) => Effect.withFiber((fiber) => method.call(fiber, payload, options))
}

/**
 * One operation with its handler: how a decoded payload becomes an exit.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Headers from "effect/http/Headers"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcMessage from "effect/rpc/RpcMessage"
import type * as RpcMiddleware from "effect/rpc/RpcMiddleware"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { CallDeadline } from "../../contract/CallBudget.ts"
import { handlerOf, type Operation, serverMiddlewares } from "../../contract/Operation.ts"
import type { RecordHeader } from "../../wire/RecordHeaders.ts"
import * as ReplyHeaders from "../ReplyHeaders.ts"
import { RequestInfo } from "../RequestInfo.ts"

export interface Procedure {
  readonly operation: Operation
  readonly handler: Rpc.Handler<string>["handler"]
  readonly middlewares: ReadonlyArray<RpcMiddleware.Any>
  /** The serving layer's services below those captured with the handlers. */
  readonly context: Context.Context<never>
}

/** The procedure of an operation, or undefined when its handler is not in the context. */
export const procedureOf = (operation: Operation, context: Context.Context<never>): Procedure | undefined => {
  const entry = handlerOf(operation, context)
  if (entry === undefined) return undefined
  return {
    operation,
    handler: entry.handler,
    middlewares: serverMiddlewares(operation, context),
    // A span that the layers were built in is no parent of what handlers do: that is the request's, or there is none.
    context: Context.omit(Tracer.ParentSpan)(Context.merge(context, entry.context))
  }
}

export interface Invocation {
  readonly payload: unknown
  readonly info: RequestInfo
  /** When the time of the request is up, monotonic milliseconds. */
  readonly deadline: number
  readonly requestId: number
  /** Receives the headers that the handler adds to its reply. */
  readonly replyHeaders: Array<RecordHeader>
  /** Called when the handler starts, after the middleware. `isForked`: the handler wants no part in the limits. */
  readonly onStarted: (isForked: boolean) => void
}

/** What Kafka carries as bytes, as handlers and middleware read it. Names are lower-cased, as HTTP's are. */
const headersOf = ({ headers }: RequestInfo): Headers.Headers =>
  headers.length === 0
    ? Headers.empty
    : Headers.fromInput(headers.map(([name, value]) => [name, Buffer.from(value).toString("utf8")] as const))

const settled = (value: unknown): Effect.Effect<unknown, unknown> =>
  Deferred.isDeferred<unknown, unknown>(value) ? Deferred.await(value) : Effect.succeed(value)

/**
 * Runs middleware and handler to an exit; never fails. Meant to be the root of a fiber whose interruption stops the
 * handler, unless that is uninterruptible.
 */
export const run = (procedure: Procedure, invocation: Invocation): Effect.Effect<Exit.Exit<unknown, unknown>> => {
  const { info, payload } = invocation
  const { rpc } = procedure.operation
  const metadata = {
    client: new Rpc.ServerClient(invocation.requestId).annotate(RequestInfo, info),
    requestId: RpcMessage.RequestId(String(invocation.requestId)),
    headers: headersOf(info),
    rpc,
    payload: payload as {}
  }
  // An interruption that had to wait for the handler replaces its exit on the way out; what was done must be known.
  let own: Exit.Exit<unknown, unknown> | undefined
  // Called by the innermost middleware, not before it: nothing of the handler runs for a request that is refused.
  const handler = Effect.suspend(() => {
    const returned = procedure.handler(payload, metadata)
    const isWrapped = Rpc.isWrapper(returned)
    invocation.onStarted(isWrapped && returned.fork)
    const result = (isWrapped ? returned.value : returned) as Effect.Effect<unknown, unknown>
    const body = Effect.flatMap(result, settled)
    return isWrapped && returned.uninterruptible
      ? Effect.uninterruptible(
          Effect.onExit(body, (exit) =>
            Effect.sync(() => {
              own = exit
            })
          )
        )
      : body
  })
  const scope = Scope.makeUnsafe()
  const wrapped = procedure.middlewares.reduce<Effect.Effect<unknown, unknown, unknown>>(
    // Called when its turn comes: not for a request that an outer one refuses, and what it throws is a defect of the run.
    (inner, middleware) => Effect.suspend(() => middleware(inner as never, metadata as never)),
    handler
  )
  // The handlers' layer left its own Scope in the context: the request's Scope goes last, or finalizers would wait for
  // the layer to close.
  const context = procedure.context.pipe(
    Context.add(CallDeadline, invocation.deadline),
    Context.add(RequestInfo, info),
    Context.add(ReplyHeaders.Collector, invocation.replyHeaders),
    Context.add(Scope.Scope, scope)
  )
  return Effect.uninterruptible(
    Effect.interruptible(wrapped as Effect.Effect<unknown, unknown>).pipe(
      Effect.onExit((exit) => Scope.close(scope, exit)),
      Effect.provideContext(context),
      Effect.exit,
      Effect.map((exit) =>
        own !== undefined && Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? own : exit
      )
    )
  )
}

/**
 * One operation with its handler: how a decoded payload becomes an exit.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Exit from "effect/Exit"
import * as Headers from "effect/http/Headers"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcMessage from "effect/rpc/RpcMessage"
import type * as RpcMiddleware from "effect/rpc/RpcMiddleware"
import * as References from "effect/References"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { type Ancestry, CallAncestry } from "../../contract/CallAncestry.ts"
import { CallDeadline, type Deadline } from "../../contract/CallBudget.ts"
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
  readonly requestId: number
  readonly scope: Scope.Closeable
  /**
   * Asked when the handler's turn comes, after the middleware, with who asks where the operation tells that: an effect that
   * it returns takes the handler's place.
   */
  readonly instead: (identity: string | undefined) => Effect.Effect<unknown> | undefined
  /** Called when the handler was started. `isForked`: it wants no part in the limits. */
  readonly onStarted: (isForked: boolean) => void
}

/** What Kafka carries as bytes, as handlers and middleware read it. Names are lower-cased, as HTTP's are. */
const headersOf = ({ headers }: RequestInfo): Headers.Headers =>
  headers.length === 0
    ? Headers.empty
    : Headers.fromInput(headers.map(([name, value]) => [name, Buffer.from(value).toString("utf8")] as const))

const settled = (value: unknown): Effect.Effect<unknown, unknown> =>
  Deferred.isDeferred<unknown, unknown>(value) ? Deferred.await(value) : Effect.succeed(value)

/** Who asks, told by the operation from what its middleware left in the context. */
const identityOf = (
  { operation: { identity, isSafe, tag } }: Procedure,
  headers: Headers.Headers,
  context: Context.Context<never>
): string | undefined => {
  if (identity === undefined || isSafe) return undefined
  const service = <I, S>(key: Context.Key<I, S>): S => {
    const found = Context.getOption(context as Context.Context<I>, key)
    if (Option.isSome(found)) return found.value
    throw new Error(`Contract.Identity of ${tag} asks for ${key.key}, which no middleware of the operation provides`)
  }
  return identity({ headers, service })
}

/** What the fiber of a request is given beside its procedure's context. */
export interface Surroundings {
  readonly deadline: Deadline
  readonly ancestry: Ancestry
  readonly info: RequestInfo
  readonly replyHeaders: Array<RecordHeader>
  readonly scope: Scope.Closeable
  readonly logged: Readonly<Record<string, unknown>>
}

/** The context that the fiber of a request starts with, so that nothing has to be merged into it later. */
export const contextOf = (procedure: Procedure, of: Surroundings): Context.Context<never> => {
  const { context } = procedure
  const annotations = Context.get(context, References.CurrentLogAnnotations)
  // The handlers' layer left its own Scope in the context: the request's goes last, or finalizers would wait for the
  // layer to close.
  return Context.add(
    Context.add(
      Context.add(
        Context.add(
          Context.add(
            Context.add(context, References.CurrentLogAnnotations, { ...annotations, ...of.logged }),
            CallDeadline,
            of.deadline
          ),
          CallAncestry,
          of.ancestry
        ),
        RequestInfo,
        of.info
      ),
      ReplyHeaders.Collector,
      of.replyHeaders
    ),
    Scope.Scope,
    of.scope
  )
}

/**
 * Runs middleware and handler to an exit; never fails. Meant to be run uninterruptibly, in the context of `contextOf`, by a
 * fiber whose interruption stops the handler, unless that is uninterruptible.
 */
export const run = (procedure: Procedure, invocation: Invocation): Effect.Effect<Exit.Exit<unknown, unknown>> => {
  const { info, payload, scope } = invocation
  const metadata = {
    client: new Rpc.ServerClient(invocation.requestId).annotate(RequestInfo, info),
    requestId: RpcMessage.RequestId(String(invocation.requestId)),
    headers: headersOf(info),
    rpc: procedure.operation.rpc,
    payload: payload as {}
  }
  // An interruption that had to wait for the handler replaces its exit on the way out; what was done must be known.
  let own: Exit.Exit<unknown, unknown> | undefined
  const handle = (context: Context.Context<never>): Effect.Effect<unknown, unknown> => {
    const instead = invocation.instead(identityOf(procedure, metadata.headers, context))
    if (instead !== undefined) return instead
    const returned = procedure.handler(payload, metadata)
    const isWrapped = Rpc.isWrapper(returned)
    invocation.onStarted(isWrapped && returned.fork)
    const result = (isWrapped ? returned.value : returned) as Effect.Effect<unknown, unknown>
    if (isReady(result)) return result
    const body = Effect.flatMap(result, settled)
    if (!isWrapped || !returned.uninterruptible) return body
    return Effect.uninterruptible(Effect.onExit(body, (exit) => Effect.sync(() => void (own = exit))))
  }
  const ended = (exit: Exit.Exit<unknown, unknown>): Exit.Exit<unknown, unknown> =>
    own !== undefined && Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? own : exit
  const closed = (exit: Exit.Exit<unknown, unknown>): Effect.Effect<Exit.Exit<unknown, unknown>> => {
    const closing = Scope.closeUnsafe(scope, exit)
    return closing === undefined
      ? Effect.succeed(ended(exit))
      : Effect.map(Effect.exit(Effect.andThen(closing, exit)), ended)
  }
  const wrapped = procedure.middlewares.reduce<Effect.Effect<unknown, unknown, unknown>>(
    // Called when its turn comes: not for a request that an outer one refuses, and what it throws is a defect of the run.
    (inner, middleware) => Effect.suspend(() => middleware(inner as never, metadata as never)),
    // Called by the innermost middleware, not before it: nothing of the handler runs for a request that is refused.
    procedure.middlewares.length > 0
      ? Effect.withFiber(({ context }) => handle(context))
      : startedBy(() => handle(procedure.context))
  ) as Effect.Effect<unknown, unknown>
  return isReady(wrapped) ? closed(wrapped) : Effect.flatMap(Effect.exit(Effect.interruptible(wrapped)), closed)
}

/** Whether an effect is an exit already, and no deferred has to be waited for. */
const isReady = (effect: Effect.Effect<unknown, unknown>): effect is Exit.Exit<unknown, unknown> =>
  Exit.isExit(effect) && !(Exit.isSuccess(effect) && Deferred.isDeferred(effect.value))

/** The effect that a handler returns; what it throws is its defect. */
const startedBy = (handle: () => Effect.Effect<unknown, unknown>): Effect.Effect<unknown, unknown> => {
  try {
    return handle()
  } catch (defect) {
    return Exit.die(defect)
  }
}

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

/** One handling of a request, as it is told of what happens and asked what to do. */
export interface Invocation {
  readonly payload: unknown
  readonly info: RequestInfo
  readonly requestId: number
  /** What an uninterruptible handler ended with: an interruption that had to wait for it replaces it on the way out. */
  ownExit: Exit.Exit<unknown, unknown> | undefined
  /** Closed when the handler has ended; undefined when no context has named one. */
  readonly scope: Scope.Closeable | undefined
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

/** What handlers and middleware are told of a request. Few ask for the client, which is made when one does. */
class Metadata {
  readonly requestId: RpcMessage.RequestId
  readonly headers: Headers.Headers
  readonly rpc: Operation["rpc"]
  readonly payload: {}
  readonly #invocation: Invocation
  #client: Rpc.ServerClient | undefined

  constructor({ operation }: Procedure, invocation: Invocation) {
    this.requestId = RpcMessage.RequestId(String(invocation.requestId))
    this.headers = headersOf(invocation.info)
    this.rpc = operation.rpc
    this.payload = invocation.payload as {}
    this.#invocation = invocation
  }

  get client(): Rpc.ServerClient {
    const { info, requestId } = this.#invocation
    return (this.#client ??= new Rpc.ServerClient(requestId).annotate(RequestInfo, info))
  }
}

/** The handler's effect, or what takes its place. */
const handle = (
  procedure: Procedure,
  invocation: Invocation,
  metadata: Metadata,
  context: Context.Context<never>
): Effect.Effect<unknown, unknown> => {
  const instead = invocation.instead(identityOf(procedure, metadata.headers, context))
  if (instead !== undefined) return instead
  const returned = procedure.handler(invocation.payload, metadata)
  const isWrapped = Rpc.isWrapper(returned)
  invocation.onStarted(isWrapped && returned.fork)
  const result = (isWrapped ? returned.value : returned) as Effect.Effect<unknown, unknown>
  if (isReady(result)) return result
  const body = Effect.flatMap(result, settled)
  if (!isWrapped || !returned.uninterruptible) return body
  return Effect.uninterruptible(Effect.onExit(body, (exit) => Effect.sync(() => void (invocation.ownExit = exit))))
}

/** Closes the scope of a request that has ended so. */
const closed = (
  invocation: Invocation,
  exit: Exit.Exit<unknown, unknown>
): Effect.Effect<Exit.Exit<unknown, unknown>> => {
  const { ownExit, scope } = invocation
  const closing = scope === undefined ? undefined : Scope.closeUnsafe(scope, exit)
  const ended = (of: Exit.Exit<unknown, unknown>): Exit.Exit<unknown, unknown> =>
    ownExit !== undefined && Exit.isFailure(of) && Cause.hasInterruptsOnly(of.cause) ? ownExit : of
  return closing === undefined
    ? Effect.succeed(ended(exit))
    : Effect.map(Effect.exit(Effect.andThen(closing, exit)), ended)
}

/**
 * Runs middleware and handler to an exit; never fails. An exit at once when nothing of it had to wait: then it needs no
 * fiber. Otherwise to be run uninterruptibly, in the context of `contextOf`, by a fiber whose interruption stops the
 * handler, unless that is uninterruptible.
 */
export const run = (procedure: Procedure, invocation: Invocation): Effect.Effect<Exit.Exit<unknown, unknown>> => {
  const { middlewares } = procedure
  const metadata = new Metadata(procedure, invocation)
  let wrapped =
    middlewares.length === 0
      ? startedBy(procedure, invocation, metadata)
      : // Called by the innermost middleware, not before it: nothing of the handler runs for a request that is refused.
        Effect.withFiber(({ context }) => handle(procedure, invocation, metadata, context))
  for (const middleware of middlewares) {
    const inner = wrapped
    // Called when its turn comes: not for a request that an outer one refuses, and what it throws is a defect of the run.
    wrapped = Effect.suspend(() => middleware(inner as never, metadata as never)) as Effect.Effect<unknown, unknown>
  }
  return isReady(wrapped)
    ? closed(invocation, wrapped)
    : Effect.flatMap(Effect.exit(Effect.interruptible(wrapped)), (exit) => closed(invocation, exit))
}

/** Whether an effect is an exit already, and no deferred has to be waited for. */
const isReady = (effect: Effect.Effect<unknown, unknown>): effect is Exit.Exit<unknown, unknown> =>
  Exit.isExit(effect) && !(Exit.isSuccess(effect) && Deferred.isDeferred(effect.value))

/** The effect that a handler returns; what it throws is its defect. */
const startedBy = (
  procedure: Procedure,
  invocation: Invocation,
  metadata: Metadata
): Effect.Effect<unknown, unknown> => {
  try {
    return handle(procedure, invocation, metadata, procedure.context)
  } catch (defect) {
    return Exit.die(defect)
  }
}

/**
 * Between exits and promises: what a promise is rejected with, and programs that are open until they are closed.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

/** What a promise is rejected with: an error of the effect as itself, a defect as an `Error`. */
export const rejectionOf = (cause: Cause.Cause<unknown>): unknown => {
  const failed = cause.reasons.find((reason) => reason._tag === "Fail")
  if (failed !== undefined) return failed.error
  const defect = Cause.squash(cause)
  return defect instanceof Error ? defect : new Error(`died of ${String(defect)}`, { cause: defect })
}

/** The value of an exit, or its rejection thrown. */
export const valueOf = <A>(exit: Exit.Exit<A, unknown>): A => {
  if (Exit.isSuccess(exit)) return exit.value
  throw rejectionOf(exit.cause)
}

export interface Opened<A> {
  readonly value: A
  /** Closes once, however often it is asked to; rejects with what went wrong meanwhile. */
  readonly close: () => Promise<void>
  /** Settles when it is closed. */
  readonly closed: Promise<void>
}

/** Opens something in a scope of its own, which is closed at once when opening fails. */
export const open = async <A>(opening: Effect.Effect<A, unknown, Scope.Scope>): Promise<Opened<A>> => {
  const scope = Scope.makeUnsafe()
  const exit = await Effect.runPromiseExit(Scope.provide(opening, scope))
  if (Exit.isFailure(exit)) {
    // What opening failed of is the news; a finalizer that dies as well is told with it.
    const closing = await Effect.runPromiseExit(Scope.close(scope, exit))
    throw rejectionOf(Exit.isFailure(closing) ? Cause.combine(exit.cause, closing.cause) : exit.cause)
  }
  const { promise, reject, resolve } = Promise.withResolvers<void>()
  let isClosing = false
  const close = (): Promise<void> => {
    if (!isClosing) {
      isClosing = true
      void Effect.runPromiseExit(Scope.close(scope, Exit.void)).then((closing) => {
        if (Exit.isSuccess(closing)) resolve()
        else reject(rejectionOf(closing.cause))
      })
    }
    return promise
  }
  return { value: exit.value, close, closed: promise }
}

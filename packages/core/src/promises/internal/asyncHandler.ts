/**
 * An async function as the handler of an operation: its promise becomes the exit, the fiber's interruption its signal.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Headers from "effect/http/Headers"
import * as Schema from "effect/Schema"
import { CallDeadline } from "../../contract/CallBudget.ts"
import type { Operation } from "../../contract/Operation.ts"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import { Collector, headerOf } from "../../responder/ReplyHeaders.ts"
import { RequestInfo } from "../../responder/RequestInfo.ts"

/** What a handler may know of the request besides its payload, and may do besides answering it. */
export interface Request {
  /**
   * Aborted when the caller cancels or the deadline passes. The handler's place and its key's turn are free again when its
   * promise is settled, so that no two run at one time that must not.
   */
  readonly signal: AbortSignal
  /** The caller's headers as text, names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** From 1: above it, the request may have run before. */
  readonly attempt: number
  /** The idempotency key, when the operation has one. */
  readonly key: string | undefined
  /** How many milliseconds are left until the deadline, at least 0. */
  readonly remainingMs: () => number
  /** Adds a header to the reply. */
  readonly addReplyHeader: (name: string, value: string | Uint8Array) => void
  /** Where the request stands in Kafka. */
  readonly info: RequestInfo
}

export type AnyHandler = (payload: unknown, request: Request) => Promise<unknown>

/** Logged when a handler whose caller has gone fails with something else than its signal's reason: nobody else is told. */
const late = (tag: string, error: unknown) =>
  Effect.logWarning(`the handler of ${tag} failed after its signal was aborted`, error)

/** Runs a promise as an effect that is over when the promise is settled, interrupted or not. */
const settle = (
  tag: string,
  start: (signal: AbortSignal) => Promise<unknown>,
  isDeclared: (error: unknown) => boolean
): Effect.Effect<unknown, unknown> =>
  Effect.callback((resume, signal) => {
    let afterwards: Effect.Effect<void> = Effect.void
    const settled = start(signal).then(
      (value) => resume(Effect.succeed(value)),
      (error: unknown) => {
        if (signal.aborted && error !== signal.reason) afterwards = late(tag, error)
        resume(Effect.suspend(() => (isDeclared(error) ? Effect.fail(error) : Effect.die(error))))
      }
    )
    return Effect.callback<void>((done) => void settled.then(() => done(Effect.suspend(() => afterwards))))
  })

/** The handler of the operation; one that is missing is a defect of every call. */
export const handlerOf = (operation: Operation, handler: AnyHandler | undefined) => {
  const isDeclared = Schema.is(operation.rpc.errorSchema)
  const { tag } = operation
  return (payload: unknown, { headers }: { readonly headers: Headers.Headers }) =>
    Effect.withFiber((fiber) => {
      const info = fiber.getRef(RequestInfo)
      if (info === undefined || handler === undefined) return Effect.die(new Error(`no handler for ${tag}`))
      const deadline = fiber.getRef(CallDeadline)
      const clock = fiber.getRef(Clock.Clock)
      const replyHeaders = fiber.getRef(Collector)
      const start = async (signal: AbortSignal) =>
        handler(payload, {
          signal,
          headers: { ...headers },
          attempt: info.attempt,
          key: info.key,
          remainingMs: () => Math.max(0, (deadline?.at ?? Number.POSITIVE_INFINITY) - monotonicMillis(clock)),
          addReplyHeader: (name, value) => {
            const header = headerOf(name, value)
            if (header !== undefined) replyHeaders?.push(header)
          },
          info
        })
      return settle(tag, start, isDeclared)
    })
}

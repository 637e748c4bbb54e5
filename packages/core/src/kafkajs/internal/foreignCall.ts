/**
 * kafkajs' promises as effects: rejections classified, silence ended after a time limit.
 */
import * as Effect from "effect/Effect"
import type { EventLoop } from "../../host/EventLoop.ts"
import { because, NoAnswer, type TransportError } from "../../kafka/TransportError.ts"
import { classifyError } from "../classifyError.ts"

export interface ForeignCall {
  /** For the error: what is being done. */
  readonly what: string
  readonly timeoutMillis: number
  readonly topic?: string | undefined
  /** How long the broker still wants quiet (KIP-219): the limit begins anew afterwards. */
  readonly throttledMillis?: () => number
}

/** Two turns of the event loop: what has arrived is read. */
export const afterReading = (eventLoop: EventLoop): Effect.Effect<void> => {
  const turn = Effect.callback<void>((resume) => eventLoop.nextTurn(() => resume(Effect.void)))
  return Effect.andThen(turn, turn)
}

export const make =
  (brokers: ReadonlyArray<string>, eventLoop: EventLoop) =>
  <A>(
    call: () => Promise<A>,
    { throttledMillis = () => 0, timeoutMillis, topic, what }: ForeignCall
  ): Effect.Effect<A, TransportError> => {
    const expiry: Effect.Effect<never, TransportError> = Effect.sleep(timeoutMillis).pipe(
      // After a stall of the event loop the answer may be there, unread.
      Effect.andThen(afterReading(eventLoop)),
      Effect.flatMap(() =>
        throttledMillis() > 0
          ? Effect.andThen(Effect.sleep(throttledMillis()), expiry)
          : Effect.fail(because(new NoAnswer({ detail: `${what} took longer than ${timeoutMillis} ms` })))
      )
    )
    return Effect.raceFirst(
      Effect.tryPromise({ try: call, catch: (error) => classifyError(error, { brokers, topic }) }),
      expiry
    )
  }

/**
 * kafkajs' promises as effects: rejections become typed errors, and a promise that stays pending fails at a time limit.
 */
import * as Effect from "effect/Effect"
import type { EventLoop } from "../../host/EventLoop.ts"
import { because, NoAnswer, type TransportError } from "../../kafka/TransportError.ts"
import { classifyError } from "../classifyError.ts"
import type { Progress } from "./progress.ts"

export interface ForeignCall {
  /** For the error: what is being done. */
  readonly what: string
  readonly timeoutMillis: number
  readonly topic?: string | undefined
  /** Of the connection: while its broker asks for quiet (KIP-219) the limit does not run out. */
  readonly progress?: Progress
}

/** Two turns of the event loop: after them, everything that had arrived at the sockets is read. */
export const afterReading = (eventLoop: EventLoop): Effect.Effect<void> => {
  const turn = Effect.callback<void>((resume) => eventLoop.nextTurn(() => resume(Effect.void)))
  return Effect.andThen(turn, turn)
}

export class ForeignCalls {
  readonly #brokers: ReadonlyArray<string>
  readonly #eventLoop: EventLoop

  /** `brokers` is the bootstrap list, for the errors. */
  constructor(brokers: ReadonlyArray<string>, eventLoop: EventLoop) {
    this.#brokers = brokers
    this.#eventLoop = eventLoop
  }

  run<A>(promise: () => Promise<A>, call: ForeignCall): Effect.Effect<A, TransportError> {
    const context = { brokers: this.#brokers, topic: call.topic }
    return Effect.raceFirst(
      Effect.tryPromise({ try: promise, catch: (error) => classifyError(error, context) }),
      this.#expiry(call)
    )
  }

  #expiry({ progress, timeoutMillis, what }: ForeignCall): Effect.Effect<never, TransportError> {
    const expiry: Effect.Effect<never, TransportError> = Effect.sleep(timeoutMillis).pipe(
      // After a stall of the event loop the answer may have arrived without being read.
      Effect.andThen(afterReading(this.#eventLoop)),
      Effect.flatMap(() => {
        const throttledMillis = progress?.throttledMillis ?? 0
        return throttledMillis > 0
          ? Effect.andThen(Effect.sleep(throttledMillis), expiry)
          : Effect.fail(because(new NoAnswer({ detail: `${what} took longer than ${timeoutMillis} ms` })))
      })
    )
    return expiry
  }
}

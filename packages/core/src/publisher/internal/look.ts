/**
 * Asks a producer link for something, whatever it does: a question that hangs is given up, one that dies is no answer.
 * The fiber that asks keeps a lane going, which would rest for ever without it.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Result from "effect/Result"
import type { TransportError } from "../../kafka/TransportError.ts"

/** What the link answered; undefined when it did not. */
export const look = <A>(
  question: Effect.Effect<A, TransportError>,
  timeoutMillis: number
): Effect.Effect<Result.Result<A, TransportError> | undefined> =>
  question.pipe(
    Effect.result,
    Effect.timeoutOption(timeoutMillis),
    Effect.map(Option.getOrUndefined),
    Effect.catchDefect(() => Effect.undefined)
  )

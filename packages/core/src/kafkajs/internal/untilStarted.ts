/**
 * Repeats an effect that fails for a passing reason, until a time limit; then fails with its last failure.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { because, NoAnswer, type TransportError } from "../../kafka/TransportError.ts"

const retryMillis = 100
// Brokers learn of a new topic one after the other.
const newTopicMillis = 1_000

/** `now` gives monotonic milliseconds. Waits one second for a missing topic. */
export const untilStarted = <A>(
  effect: Effect.Effect<A, TransportError>,
  now: () => number,
  timeoutMillis: number
): Effect.Effect<A, TransportError> =>
  Effect.suspend(() => {
    const end = now() + timeoutMillis
    let last: TransportError | undefined
    return effect.pipe(
      Effect.tapError((error) => Effect.sync(() => (last = error))),
      Effect.retry({
        schedule: Schedule.spaced(retryMillis),
        while: (error) => {
          const left = end - now()
          return error.reason._tag === "NoSuchTopic"
            ? left > timeoutMillis - newTopicMillis
            : error.isRetryable && left > 0
        }
      }),
      Effect.timeoutOrElse({
        duration: timeoutMillis,
        orElse: () => Effect.fail(last ?? because(new NoAnswer({ detail: `not done in ${timeoutMillis} ms` })))
      })
    )
  })

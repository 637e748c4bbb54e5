/**
 * Asks several brokers the same question. The next one is asked at once when one fails, and in parallel when one is slow. The
 * first answer counts.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { TransportError } from "../../kafka/TransportError.ts"

// An answer that takes this long may never come.
const patienceMillis = 300

/**
 * Fails with the last failure when all attempts fail, and at once with a failure that is not retryable: any other broker would
 * answer the same. `none` is the failure when there are no attempts.
 */
export const askInTurn = <A>(
  attempts: ReadonlyArray<Effect.Effect<A, TransportError>>,
  none: TransportError
): Effect.Effect<A, TransportError> =>
  Effect.suspend(() => {
    let failure = none
    let left = attempts.length
    if (left === 0) return Effect.fail(none)
    const turns = attempts.map(() => Deferred.makeUnsafe<void>())
    Deferred.doneUnsafe(turns[0]!, Exit.void)
    const tries = attempts.map((attempt, i) => {
      const next = Effect.sync(() => {
        const turn = turns[i + 1]
        if (turn !== undefined) Deferred.doneUnsafe(turn, Exit.void)
      })
      const failed = (error: TransportError): Effect.Effect<A, TransportError> => {
        failure = error
        left--
        if (!error.isRetryable || left === 0) return Effect.fail(failure)
        return Effect.andThen(next, Effect.never)
      }
      const passOn = Effect.andThen(Effect.sleep(patienceMillis), next)
      return Deferred.await(turns[i]!).pipe(
        Effect.andThen(Effect.raceFirst(attempt, Effect.andThen(passOn, Effect.never))),
        Effect.catch(failed)
      )
    })
    return Effect.raceAllFirst(tries)
  })

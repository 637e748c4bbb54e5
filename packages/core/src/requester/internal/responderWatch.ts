/**
 * Whether a contract has any responder, as far as its consumer group tells, for calls that would rather fail than wait
 * for one.
 *
 * Nobody there is only believed when two looks in a row, a second apart, found nobody: a group that rebalances can look
 * empty for a moment. What cannot be found out counts as somebody there; a right that is missing for it is said once.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import * as Supervised from "../../host/Supervised.ts"
import type { TransportError } from "../../kafka/TransportError.ts"

export interface ResponderWatch {
  /** The group in which nobody is, and for how long; undefined when somebody may be there. */
  readonly absence: () => { readonly group: string; readonly absentMillis: number } | undefined
}

const pause = "1 second"
const answersNeeded = 2

/** Looks at the group as long as the scope is open. */
export const make = Effect.fnUntraced(function* (
  group: string,
  size: Effect.Effect<number, TransportError>
): Effect.fn.Return<ResponderWatch, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  let empty = 0
  let emptySince = 0
  let isDenied = false
  const look = size.pipe(
    Effect.timeout(pause),
    Effect.matchEffect({
      onFailure: (error) => {
        empty = 0
        if (isDenied || error._tag !== "TransportError" || error.reason._tag !== "NotAuthorized") return Effect.void
        isDenied = true
        return Effect.logWarning(
          `detectNoResponder needs the right to Describe the group ${group}; without it, calls that nobody serves wait for their deadline: ${error.message}`
        )
      },
      onSuccess: (members) =>
        Effect.sync(() => {
          if (empty === 0) emptySince = monotonicMillis(clock)
          empty = members === 0 ? empty + 1 : 0
        })
    })
  )
  // A watch that dies knows nothing any more: somebody may be there.
  const forget = Effect.sync(() => (empty = 0))
  yield* Supervised.fork(
    `the watch on the group ${group}`,
    look.pipe(
      Effect.andThen(Effect.sleep(pause)),
      Effect.forever,
      Effect.onExit(() => forget)
    )
  )
  return {
    absence: () =>
      empty < answersNeeded ? undefined : { group, absentMillis: Math.round(monotonicMillis(clock) - emptySince) }
  }
})

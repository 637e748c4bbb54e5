/**
 * Whether a contract has any responder, as far as its consumer group tells, for calls that would rather fail than wait
 * for one.
 *
 * Nobody there is only believed when two looks in a row, a second apart, found nobody: a group that rebalances can look
 * empty for a moment. What cannot be found out counts as somebody there.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { TransportError } from "../../transport/TransportError.ts"

export interface ResponderWatch {
  readonly group: string
  /** True when calls made now would wait for a responder to be started. */
  readonly isAbsent: () => boolean
}

const pause = "1 second"
const looksNeeded = 2

/** Looks at the group as long as the scope is open. */
export const make = Effect.fnUntraced(function* (
  group: string,
  size: Effect.Effect<number, TransportError>
): Effect.fn.Return<ResponderWatch, never, Scope.Scope> {
  let empty = 0
  const look = size.pipe(
    Effect.timeout(pause),
    Effect.match({
      onFailure: () => {
        empty = 0
      },
      onSuccess: (members) => {
        empty = members === 0 ? empty + 1 : 0
      }
    })
  )
  yield* look.pipe(Effect.andThen(Effect.sleep(pause)), Effect.forever, Effect.forkScoped)
  return { group, isAbsent: () => empty >= looksNeeded }
})

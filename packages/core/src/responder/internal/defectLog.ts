/**
 * Logs what handlers died of: some of it whole, the rest in so few words that a handler which always dies does not drown
 * the log.
 */
import type * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import { messageOf } from "./causeMessage.ts"

/** Logs one defect; `id` is the call's. */
export type DefectLog = (operation: string, id: string, cause: Cause.Cause<unknown>) => Effect.Effect<void>

const periodMillis = 10_000
/** Defects of a period that are logged with their stacks. */
const wholeOnes = 5

/** `namesAll`: each is logged, in one line after the first few; otherwise the others are only counted. */
export const make = (clock: Clock.Clock, namesAll: boolean): DefectLog => {
  let since = Number.NEGATIVE_INFINITY
  let logged = 0
  let unreported = 0
  return (operation, id, cause) =>
    Effect.suspend(() => {
      const now = monotonicMillis(clock)
      if (now - since >= periodMillis) {
        since = now
        logged = 0
      }
      const what = `the handler of ${operation} died (call ${id})`
      if (logged < wholeOnes) {
        logged++
        const others = unreported === 0 ? "" : `; ${unreported} more died since the last one that was logged`
        unreported = 0
        return Effect.logError(`${what}${others}`, cause)
      }
      if (namesAll) return Effect.logError(`${what}: ${messageOf(cause)}`)
      unreported++
      return Effect.void
    })
}

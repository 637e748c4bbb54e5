/**
 * One fiber that handles many deadlines: it sleeps until the earliest one is due, so that no call needs a timer of its own.
 *
 * After a stall of the event loop Node runs expired timers before it reads sockets, so a reply may already be there when
 * what it answers looks expired. A sweep that wakes late therefore lets one poll phase pass first. A sweep that throws is
 * reported and made again a moment later: time must not stop for everything else.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import { EventLoop } from "./EventLoop.ts"
import { monotonicMillis } from "./MonotonicTime.ts"
import * as Supervised from "./Supervised.ts"
import * as ThrownReport from "./ThrownReport.ts"

// Later than this is a stall, not scheduling noise.
const lateMillis = 50

// After a sweep that threw: it may have left things that are due.
const againMillis = 100

export interface Sweeper {
  /** Makes sure the sweep happens at this moment (monotonic milliseconds) or before. */
  readonly wakeBy: (at: number) => void
}

/** `sweep(now)` does what is due and returns when something will be due next; infinite when nothing is pending. */
export const make = Effect.fnUntraced(function* (
  sweep: (now: number) => number
): Effect.fn.Return<Sweeper, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const eventLoop = yield* EventLoop
  const report = yield* ThrownReport.make
  const earlier = Latch.makeUnsafe(false)
  let dueAt = Number.POSITIVE_INFINITY

  const poll = Effect.callback<void>((resume) => eventLoop.nextTurn(() => resume(Effect.void)))

  const guardedSweep = (now: number): number => {
    try {
      return sweep(now)
    } catch (thrown) {
      report("a sweep", thrown)
      return now + againMillis
    }
  }

  const round = Effect.gen(function* () {
    const wait = dueAt - monotonicMillis(clock)
    if (wait > 0) {
      const sleep = Number.isFinite(wait) ? Effect.sleep(Math.max(1, Math.ceil(wait))) : Effect.never
      yield* Effect.raceFirst(sleep, earlier.await)
      earlier.closeUnsafe()
    }
    const now = monotonicMillis(clock)
    if (now < dueAt) return
    if (now - dueAt > lateMillis) yield* poll
    dueAt = Number.POSITIVE_INFINITY
    const next = guardedSweep(now)
    // The sweep itself may have asked to be woken earlier.
    dueAt = Math.min(dueAt, next)
  })
  yield* Supervised.fork("the sweeper", Effect.forever(round, { disableYield: true }))

  return {
    wakeBy: (at) => {
      if (at >= dueAt) return
      dueAt = at
      earlier.openUnsafe()
    }
  }
})

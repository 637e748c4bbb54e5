/**
 * Records every event of a test and wakes the fibers that wait for one. Unbounded: a test is short.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { FaultEvent, FaultEventMatch } from "../FaultEvent.ts"

interface Waiter {
  readonly matches: FaultEventMatch
  left: number
  readonly happened: Deferred.Deferred<FaultEvent>
}

export class EventLog {
  readonly #events: Array<FaultEvent> = []
  readonly #waiters = new Set<Waiter>()

  get events(): ReadonlyArray<FaultEvent> {
    return this.#events
  }

  add(event: FaultEvent): void {
    this.#events.push(event)
    for (const waiter of this.#waiters) {
      if (!waiter.matches(event) || --waiter.left > 0) continue
      this.#waiters.delete(waiter)
      Deferred.doneUnsafe(waiter.happened, Exit.succeed(event))
    }
  }

  /** The `nth` event that matches since the beginning, the first being 1; waits for it. */
  nth(matches: FaultEventMatch, nth: number): Effect.Effect<FaultEvent> {
    return Effect.suspend(() => {
      const found = this.#events.filter(matches)
      const known = found[nth - 1]
      if (known !== undefined) return Effect.succeed(known)
      const happened = Deferred.makeUnsafe<FaultEvent>()
      const waiter: Waiter = { matches, left: nth - found.length, happened }
      this.#waiters.add(waiter)
      // Events are emitted inside the engine, so the waiting test continues in a later turn of the event loop.
      return Deferred.await(happened).pipe(
        Effect.tap(Effect.yieldNow),
        Effect.onInterrupt(() => Effect.sync(() => void this.#waiters.delete(waiter)))
      )
    })
  }
}

/**
 * Says in one line that something failed for a while and works again, and how long to wait between tries.
 *
 * A first failure is silent (a leader that moves is everyday); an outage is reported once when it begins and once when it
 * is over.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { TransportError } from "../../kafka/TransportError.ts"

const minBackoffMillis = 50
const maxBackoffMillis = 500
// Failures in a row that make an outage.
const patience = 3

export class Outage {
  readonly #clock: Clock.Clock
  readonly #what: string
  #failures = 0
  #since = 0

  /** `what` completes the sentence "… failed": what is being done to which thing. */
  constructor(clock: Clock.Clock, what: string) {
    this.#clock = clock
    this.#what = what
  }

  /** Counts the failure and waits before the next try. */
  failed(error: TransportError): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#failures === 0) this.#since = monotonicMillis(this.#clock)
      const pause = Math.min(maxBackoffMillis, minBackoffMillis * 2 ** Math.min(this.#failures, 8))
      this.#failures++
      const report =
        this.#failures === patience
          ? Effect.logWarning(`${this.#what} fails, trying on: ${error.message}`)
          : Effect.void
      return Effect.andThen(report, Effect.sleep(pause))
    })
  }

  /** Resets the count; says so if an outage had been reported. */
  get worked(): Effect.Effect<void> {
    if (this.#failures === 0) return Effect.void
    return Effect.suspend(() => {
      const wasReported = this.#failures >= patience
      this.#failures = 0
      const millis = Math.round(monotonicMillis(this.#clock) - this.#since)
      return wasReported ? Effect.logInfo(`${this.#what} works again after ${millis} ms`) : Effect.void
    })
  }
}

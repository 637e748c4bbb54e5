/**
 * Says in one line that something failed for a while and works again, and how long to wait between tries.
 *
 * What lasts some seconds is silent: leaders move, and a broker that does not answer is told by its name (`brokerWatch`). A
 * longer outage is reported once when it has lasted, and once when it is over.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { TransportError } from "../../kafka/TransportError.ts"

const minBackoffMillis = 50
const maxBackoffMillis = 500
// How long it may last before it is worth a line of its own.
const patienceMillis = 30_000

export class Outage {
  readonly #clock: Clock.Clock
  readonly #what: string
  #failures = 0
  #since = 0
  #isReported = false

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
      const millis = monotonicMillis(this.#clock) - this.#since
      const isPassing = error.isRetryable && millis < patienceMillis
      if (this.#isReported || isPassing) return Effect.sleep(pause)
      this.#isReported = true
      const report = `${this.#what} has failed for ${Math.round(millis)} ms, trying on: ${error.message}`
      return Effect.andThen(Effect.logWarning(report), Effect.sleep(pause))
    })
  }

  /** Resets the count; says so if an outage had been reported. */
  get worked(): Effect.Effect<void> {
    if (this.#failures === 0) return Effect.void
    return Effect.suspend(() => {
      const wasReported = this.#isReported
      this.#failures = 0
      this.#isReported = false
      const millis = Math.round(monotonicMillis(this.#clock) - this.#since)
      return wasReported ? Effect.logInfo(`${this.#what} works again after ${millis} ms`) : Effect.void
    })
  }
}

/**
 * Reports a lasting outage of one activity, and paces its retries.
 *
 * An outage of some seconds is not reported: leaders move, and `brokerWatch` reports brokers that do not answer. A longer
 * outage is logged once when it has lasted for a while, and once when it is over.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { TransportError } from "../../kafka/TransportError.ts"

const minBackoffMillis = 50
const maxBackoffMillis = 500
// An outage that lasts longer is logged.
const patienceMillis = 30_000

export class Outage {
  readonly #clock: Clock.Clock
  readonly #what: string
  #failures = 0
  #since = 0
  #isReported = false

  /** `what` names the activity and completes the sentence "… has failed". */
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

  /** Resets the count; logs the end of an outage that was reported. */
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

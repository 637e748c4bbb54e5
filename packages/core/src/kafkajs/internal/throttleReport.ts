/**
 * Counts the milliseconds for which brokers throttle this client by a quota, and logs a warning at most once a minute.
 */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { throttledMillis } from "../../telemetry/DriverMetrics.ts"

const everyMillis = 60_000

/** `now` gives monotonic milliseconds. */
export const makeThrottleReport = (now: () => number): ((millis: number) => Effect.Effect<void>) => {
  let toldAt = Number.NEGATIVE_INFINITY
  return (millis) =>
    Effect.suspend(() => {
      const count = Metric.update(throttledMillis, millis)
      if (now() - toldAt < everyMillis) return count
      toldAt = now()
      return Effect.andThen(count, Effect.logWarning(`Kafka throttles this client by a quota: ${millis} ms of quiet`))
    })
}

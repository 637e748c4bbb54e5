/**
 * Logs, once per partition and cause, that a reader skipped offsets, and counts every time.
 */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { TopicPartition } from "../../kafka/KafkaRecord.ts"
import { positionsMoved } from "../../telemetry/DriverMetrics.ts"

export class SkippedOffsets {
  readonly #told = new Set<string>()

  /** The records from `from` up to `to` were not delivered. `cause` says why; it must not contain offsets. */
  skipped({ partition, topic }: TopicPartition, from: number, to: number, cause: string): Effect.Effect<void> {
    const count = Metric.update(Metric.withAttributes(positionsMoved, { topic }), 1)
    const key = `${partition}:${topic}:${cause}`
    if (this.#told.has(key)) return count
    this.#told.add(key)
    const text = `${topic}-${partition}: reading goes on at ${to} instead of ${from}: ${cause}`
    return Effect.andThen(count, Effect.logError(text))
  }
}

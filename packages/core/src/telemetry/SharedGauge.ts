/**
 * Gauges that count something of several layers in one process: each adds its own share, so that none overwrites the
 * others'.
 */
import type * as Context from "effect/Context"
import type * as Metric from "effect/Metric"

/** Sets the share of one layer; 0 takes it out. */
export const shareOf = (gauge: Metric.Gauge<number>, context: Context.Context<never>): ((value: number) => void) => {
  let share = 0
  return (value) => {
    if (value !== share) gauge.modifyUnsafe(value - share, context)
    share = value
  }
}

/**
 * Metrics with their labels bound beforehand, for hot paths: binding costs ten times an update.
 */
import * as Metric from "effect/Metric"

/** A metric bound to each value of one label, on first use. The label's values must be a closed set. */
export const boundBy = <State>(
  metric: Metric.Metric<number, State>,
  labels: Readonly<Record<string, string>>,
  label: string
): ((value: string) => Metric.Metric<number, State>) => {
  const bound = new Map<string, Metric.Metric<number, State>>()
  return (value) => {
    let found = bound.get(value)
    if (found === undefined) {
      bound.set(value, (found = Metric.withAttributes(metric, { ...labels, [label]: value })))
    }
    return found
  }
}

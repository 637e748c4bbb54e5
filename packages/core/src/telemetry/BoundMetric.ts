/**
 * Metrics with their labels and their registry bound beforehand, for hot paths.
 *
 * `Metric.withAttributes` shares the state of one handle between all label values, which looks its series up anew whenever
 * another value was counted before: a microsecond and 700 bytes each. Here each value holds on to its own series.
 */
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"

type Labels = Readonly<Record<string, string>>

const isEqual = (one: Labels, other: Labels): boolean => {
  const names = Object.keys(one)
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name])
}

/** One series: a metric under certain labels. */
export class Series {
  readonly #metric: Metric.Metric<number, unknown>
  readonly #labels: Labels
  readonly #context: Context.Context<never>
  readonly #registry: Map<string, Metric.Metric.Metadata<any, any>>
  #key = ""

  constructor(metric: Metric.Metric<number, unknown>, labels: Labels, context: Context.Context<never>) {
    this.#metric = Metric.withAttributes(metric, labels)
    this.#labels = { ...Context.get(context, Metric.CurrentMetricAttributes), ...labels }
    this.#context = context
    this.#registry = Context.get(context, Metric.MetricRegistry)
  }

  update(value: number): void {
    // A series can be taken out of the registry by whoever owns that; then it begins again.
    const known = this.#registry.get(this.#key)
    if (known === undefined) this.#register(value)
    else known.hooks.update(value, this.#context)
  }

  #register(value: number): void {
    this.#metric.updateUnsafe(value, this.#context)
    for (const [key, { attributes, id }] of this.#registry) {
      if (id === this.#metric.id && isEqual(attributes ?? {}, this.#labels)) this.#key = key
    }
  }
}

/** A metric bound to each value of one label, on first use. The label's values must be a closed set. */
export const boundBy = <State>(
  metric: Metric.Metric<number, State>,
  context: Context.Context<never>,
  labels: Labels,
  label: string
): ((value: string) => Series) => {
  const bound = new Map<string, Series>()
  return (value) => {
    let found = bound.get(value)
    if (found === undefined) {
      found = new Series(metric, { ...labels, [label]: value }, context)
      bound.set(value, found)
    }
    return found
  }
}

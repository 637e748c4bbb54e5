/**
 * How the calls of one operation are hedged: after which time, how often, and how many of them. Pure; shared by all clients
 * of a requester.
 */
import * as Duration from "effect/Duration"
import type { HedgeDelay, HedgePolicy } from "../../contract/Contract.ts"
import type { Operation } from "../../contract/Operation.ts"
import { HedgeBudget } from "./hedgeBudget.ts"
import { LatencyHistogram } from "./latencyHistogram.ts"

// A percentile of fewer answers says little; it is read anew every so many answers.
const answersNeeded = 32
const answersBetween = 16

const defaults = { maxAttempts: 2, budget: 0.1 }

/** After which time an attempt has been out for too long, milliseconds. */
interface Delay {
  readonly millis: number
  readonly answered: (millis: number) => void
}

const fixed = (delay: Duration.Input): Delay => ({
  millis: Duration.toMillis(Duration.fromInputUnsafe(delay)),
  answered: () => {}
})

const millisOr = (given: Duration.Input | undefined, otherwise: number): number =>
  given === undefined ? otherwise : Duration.toMillis(Duration.fromInputUnsafe(given))

/** The time in which a share of the latest answers came. Until there are enough of them it is `max`, which may be never. */
class PercentileDelay implements Delay {
  readonly #percentile: number
  readonly #min: number
  readonly #max: number
  readonly #latencies = new LatencyHistogram()
  #untilRead = answersNeeded
  millis: number

  constructor({ max, min, percentile }: Exclude<HedgeDelay, Duration.Input>) {
    this.#percentile = percentile
    this.#min = millisOr(min, 0)
    this.#max = millisOr(max, Number.POSITIVE_INFINITY)
    this.millis = this.#max
  }

  answered(millis: number): void {
    this.#latencies.add(millis)
    if (--this.#untilRead > 0) return
    this.#untilRead = answersBetween
    this.millis = Math.min(this.#max, Math.max(this.#min, this.#latencies.percentile(this.#percentile)!))
  }
}

const isPercentile = (delay: HedgeDelay): delay is Exclude<HedgeDelay, Duration.Input> =>
  typeof delay === "object" && "percentile" in delay

export class Hedging {
  /** Attempts in all, the first included. */
  readonly maxAttempts: number
  readonly #delay: Delay
  readonly #budget: HedgeBudget

  constructor({ budget = defaults.budget, delay, maxAttempts = defaults.maxAttempts }: HedgePolicy) {
    this.maxAttempts = maxAttempts
    this.#delay = isPercentile(delay) ? new PercentileDelay(delay) : fixed(delay)
    this.#budget = new HedgeBudget(budget)
  }

  /** How long an attempt is waited for before another one is sent beside it; infinite while that is not known. */
  get delayMillis(): number {
    return this.#delay.millis
  }

  called(): void {
    this.#budget.called()
  }

  /** An attempt was answered after this time, or was not when a hedge of it was. */
  answered(millis: number): void {
    this.#delay.answered(millis)
  }

  /** Whether one more hedge may be sent; it counts as sent then. */
  take(): boolean {
    return this.#budget.take()
  }
}

/** Finds what is known of an operation; undefined for those that are not hedged. */
export type HedgingOf = (operation: Operation) => Hedging | undefined

/** One for each operation that is hedged. */
export const perOperation = (): HedgingOf => {
  const known = new WeakMap<Operation, Hedging>()
  return (operation) => {
    if (operation.hedge === undefined) return undefined
    let hedging = known.get(operation)
    if (hedging === undefined) known.set(operation, (hedging = new Hedging(operation.hedge)))
    return hedging
  }
}

/**
 * Counts outcomes by operation, and words counts. Plain and mutable: it is fed on hot paths.
 */

/** Thousands apart: `12 345`. */
export const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, " ")

/** A number of things: `1 call`, `2 965 calls`. */
export const counted = (n: number, noun: string): string => `${grouped(n)} ${noun}${n === 1 ? "" : "s"}`

export class Tally {
  count = 0
  #slowest = 0
  readonly #operations = new Map<string, Map<string, number>>()

  add(operation: string, outcome: string, millis: number): void {
    this.count++
    if (millis > this.#slowest) this.#slowest = millis
    let outcomes = this.#operations.get(operation)
    if (outcomes === undefined) this.#operations.set(operation, (outcomes = new Map()))
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }

  /** `Reserve 4 612 success, 378 failure · GetStock 12 success · slowest 12 ms`, the most frequent first. */
  text(): string {
    const parts = Array.from(this.#operations, ([operation, outcomes]) => {
      const sorted = Array.from(outcomes).sort(([, a], [, b]) => b - a)
      return `${operation} ${sorted.map(([outcome, n]) => `${grouped(n)} ${outcome}`).join(", ")}`
    })
    return `${parts.join(" · ")} · slowest ${this.#slowest.toFixed(this.#slowest < 10 ? 1 : 0)} ms`
  }
}

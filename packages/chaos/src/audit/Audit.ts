/**
 * Judges a chaos run by its journals, and counts what happened in it.
 */
import type { Recorded } from "../Journal.ts"
import { factsOf, type Facts } from "./Facts.ts"
import { rules } from "./rules.ts"
import type { Violation } from "./Violation.ts"

export interface Audit {
  readonly violations: ReadonlyArray<Violation>
  readonly calls: number
  readonly outcomes: ReadonlyMap<string, number>
  /** Runs of an operation that may run once, beyond the first; each with a fault that explains it, or it is a violation. */
  readonly secondRuns: number
  readonly faults: ReadonlyMap<string, number>
}

const counts = (words: ReadonlyArray<string>): ReadonlyMap<string, number> =>
  new Map(
    Array.from(
      Map.groupBy(words, (word) => word),
      ([word, all]) => [word, all.length]
    )
  )

const secondRunsOf = ({ calls }: Facts): number =>
  calls.filter(({ call }) => call.operation !== "Look").reduce((sum, { runs }) => sum + Math.max(0, runs.length - 1), 0)

export const audit = (entries: ReadonlyArray<Recorded>): Audit => {
  const facts = factsOf(entries)
  return {
    violations: rules.flatMap((rule) => rule(facts)),
    calls: facts.calls.length,
    outcomes: counts(facts.calls.flatMap(({ outcomes }) => outcomes.map(({ outcome }) => outcome))),
    secondRuns: secondRunsOf(facts),
    faults: counts(facts.faults.map(({ fault }) => fault))
  }
}

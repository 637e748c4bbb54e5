/**
 * Runs many histories one after the other, remembers what was seen, and makes the first plan that fails of each kind
 * small.
 */
import { makePlan } from "../plan/makePlan.ts"
import type { Plan } from "../plan/Plan.ts"
import type { Decorators } from "../mutants/Decorators.ts"
import type { Violation } from "../oracles/judge.ts"
import { Coverage } from "./Coverage.ts"
import { runHistory } from "./history.ts"
import { shrink } from "./shrink.ts"

export interface Finding {
  readonly seed: number
  readonly violation: Violation
  /** How many histories broke the same promise. */
  count: number
  /** The smallest plan found that breaks the same promise. */
  readonly plan: Plan
}

export interface Campaign {
  readonly coverage: Coverage
  readonly findings: ReadonlyMap<string, Finding>
  /** Runs the history of the next seed. */
  readonly next: () => void
}

export const breaks = (plan: Plan, rule: string, decorators?: Decorators): boolean =>
  runHistory(plan, decorators).violations.some((violation) => violation.rule === rule)

/** Histories of `seed`, `seed + 1` and so on. */
export const campaign = (seed: number, decorators?: Decorators): Campaign => {
  const coverage = new Coverage()
  const findings = new Map<string, Finding>()
  let current = seed
  return {
    coverage,
    findings,
    next: () => {
      const plan = makePlan(current)
      const history = runHistory(plan, decorators)
      coverage.add(history)
      const [violation] = history.violations
      if (violation !== undefined) {
        const known = findings.get(violation.rule)
        if (known !== undefined) known.count++
        else {
          const smallest = shrink(plan, (candidate) => breaks(candidate, violation.rule, decorators)).plan
          findings.set(violation.rule, { seed: current, violation, count: 1, plan: smallest })
        }
      }
      current++
    }
  }
}

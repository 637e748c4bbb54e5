/**
 * How many histories it takes until a mutant is reported.
 */
import { makePlan } from "../plan/makePlan.ts"
import type { Plan } from "../plan/Plan.ts"
import { runHistory } from "../run/history.ts"
import { hearingMutants } from "./hearingMutants.ts"
import { hedgingMutants } from "./hedgingMutants.ts"
import type { Mutant } from "./Mutant.ts"
import { overloadMutants } from "./overloadMutants.ts"
import { machineMutants } from "./machineMutants.ts"
import { promiseMutants } from "./promiseMutants.ts"
import { requesterMutants } from "./requesterMutants.ts"
import { responderMutants } from "./responderMutants.ts"
import { runMutants } from "./runMutants.ts"
import { transportMutants } from "./transportMutants.ts"

export const mutants: ReadonlyArray<Mutant> = [
  ...requesterMutants,
  ...hedgingMutants,
  ...responderMutants,
  ...runMutants,
  ...overloadMutants,
  ...machineMutants,
  ...transportMutants,
  ...hearingMutants,
  ...promiseMutants
]

export interface Catch {
  /** How many histories were run, the one that told included. */
  readonly histories: number
  readonly rule: string
  readonly plan: Plan
}

/** Runs the histories of `seed`, `seed + 1` and so on until one is reported; undefined when none of them is. */
export const hunt = (mutant: Mutant, seed: number, limit: number): Catch | undefined => {
  const undo = mutant.install()
  try {
    for (let index = 0; index < limit; index++) {
      const plan = makePlan(seed + index)
      const [violation] = runHistory(plan, mutant.decorators).violations
      if (violation !== undefined) return { histories: index + 1, rule: violation.rule, plan }
    }
    return undefined
  } finally {
    undo()
  }
}

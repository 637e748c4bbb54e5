/**
 * The promises, as rules over the facts of a chaos run. Each returns what breaks it; what a fault explains is no violation,
 * and the fault must be one that reaches so far.
 */
import { type Call, type Facts, faultsBetween, stalledMillis } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

export type Rule = (facts: Facts) => ReadonlyArray<Violation>

/** Faults that end or stop a process itself: it cannot write down what it knows. */
const stopsProcess = new Set(["requester killed", "requester frozen"])

const isExcused = (facts: Facts, { call }: Call): boolean =>
  facts.faults.some(({ at, fault, target }) => target === call.by && fault === "requester killed" && at >= call.at)

/** P1: every call ends once. */
export const oneOutcome: Rule = (facts) =>
  facts.calls
    .filter((entry) => entry.outcomes.length !== 1 && !(entry.outcomes.length === 0 && isExcused(facts, entry)))
    .map(({ call, outcomes }) => ({ rule: "P1/one-outcome", detail: `${call.id} ended ${outcomes.length} times` }))

const lateMillis = 100

/** P1: no later than its deadline, but for what the event loop of its own process stood still. */
export const inTime: Rule = (facts) =>
  facts.calls.flatMap(({ call, outcomes }) => {
    const [end] = outcomes
    if (end === undefined) return []
    const frozen = facts.faults.some(({ fault, target }) => target === call.by && stopsProcess.has(fault))
    const late = end.at - call.deadline - stalledMillis(facts, call.by, call.at, end.at)
    return late <= lateMillis || frozen
      ? []
      : [{ rule: "P1/deadline", detail: `${call.id} ended ${late} ms after its deadline (${end.outcome})` }]
  })

/** P2, P4: a success has an effect behind it. */
export const successHasEffect: Rule = (facts) =>
  facts.calls
    .filter(({ effects, outcomes }) => outcomes[0]?.outcome === "success" && effects.length === 0)
    .map(({ call }) => ({ rule: "P4/success-without-effect", detail: call.id }))

/** P4: what is said to be certainly not executed was not. */
export const certainty: Rule = (facts) =>
  facts.calls
    .filter(({ outcomes, runs }) => outcomes[0]?.isCertainlyNotExecuted === true && runs.length > 0)
    .map(({ call, outcomes, runs }) => ({
      rule: "P4/certainty",
      detail: `${call.id} ended as ${outcomes[0]!.outcome}, certainly not executed, and ran at ${runs[0]!.by}`
    }))

// A request is committed within the commit interval after its reply; brokers and the group then need a moment.
const commitMillis = 3_000

/** What may make work be done again: its owner was killed, frozen or blocked, or the cluster could not take its commit. */
const explainsRepeat = (facts: Facts, owner: string, from: number, to: number): boolean =>
  faultsBetween(facts, from - commitMillis, to, commitMillis).some(
    ({ fault, target }) =>
      (target === owner && fault !== "responder stopped") || target.startsWith("broker") || target === "topic"
  )

// A group that changes hands waits so long for handlers (`quiesceTimeout`); what takes longer is run again by the next owner
// (docs/delivery.md). To go when running work is handed over.
const quiesceMillis = 2_000

/** Whether a run outlasted the wait for it while its group changed hands. */
const outlastsHandover = (
  facts: Facts,
  { effects }: Call,
  run: { readonly at: number; readonly by: string }
): boolean => {
  const end = effects.find((effect) => effect.by === run.by && effect.at >= run.at)
  const isLong = end === undefined || end.at - run.at >= quiesceMillis - 200
  return isLong && faultsBetween(facts, run.at, end?.at ?? run.at, commitMillis).length > 0
}

/** P6: nothing runs twice but what a fault of its owner explains. */
export const noSecondRun: Rule = (facts) =>
  facts.calls
    .filter(({ call }) => call.operation !== "Look")
    .flatMap((entry) =>
      entry.runs.slice(1).flatMap((run, index) => {
        const { call } = entry
        const before = entry.runs[index]!
        return explainsRepeat(facts, before.by, before.at, run.at) || outlastsHandover(facts, entry, before)
          ? []
          : [
              {
                rule: "P6/second-run",
                detail: `${call.id} ran at ${before.by}, and ${run.at - before.at} ms later at ${run.by}`
              }
            ]
      })
    )

/** P8: at one instance, effects of one key do not overlap. */
export const keyOrder: Rule = (facts) => {
  const violations: Array<Violation> = []
  const ends = new Map(facts.effects.map((effect) => [`${effect.by} ${effect.id}`, effect.at]))
  for (const [place, runs] of Map.groupBy(
    facts.runs.filter(({ key }) => key !== undefined),
    ({ by, key }) => `${by} ${key}`
  )) {
    for (let i = 1; i < runs.length; i++) {
      const [before, run] = [runs[i - 1]!, runs[i]!]
      const end = ends.get(`${before.by} ${before.id}`)
      if (end !== undefined && end > run.at) {
        violations.push({ rule: "P8/key-order", detail: `${place}: ${run.id} began while ${before.id} ran` })
      }
    }
  }
  return violations
}

// How long a fault may still be felt after it has ended: the cluster's own election and the session of a member.
const recoveryMillis = 20_000

/** P11: a failed call has a fault near it. */
export const failuresExplained: Rule = (facts) =>
  facts.calls.flatMap(({ call, outcomes }) => {
    const [end] = outcomes
    if (end === undefined || end.outcome === "success") return []
    return faultsBetween(facts, call.at, end.at, recoveryMillis).length > 0
      ? []
      : [{ rule: "P11/failure-without-fault", detail: `${call.id} ended as ${end.outcome}` }]
  })

export const rules: ReadonlyArray<Rule> = [
  oneOutcome,
  inTime,
  successHasEffect,
  certainty,
  noSecondRun,
  keyOrder,
  failuresExplained
]

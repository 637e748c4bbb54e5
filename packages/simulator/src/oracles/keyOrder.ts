/**
 * P8: requests with one record key run one after the other within an ownership of their partition, in the order of the
 * log, and reach the log in the order they were made.
 */
import { type Facts, placeOf, type RunFact } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

const runsInOrder = (facts: Facts): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  const last = new Map<string, RunFact>()
  const seen = new Set<string>()
  for (const run of facts.runs.values()) {
    const { at, offset, operation, partition, who } = run.start
    const key = facts.requests.get(placeOf(run.start))?.key
    if (key === undefined || facts.replaced.has(partition)) continue
    const lane = `${who} ${partition} ${key}`
    const before = last.get(lane)
    last.set(lane, run)
    const repeated = `${who} ${operation} ${run.start.key}`
    // A request that repeats one which runs, in whatever lane, needs no turn. Preempted before it joined, it finds the run over, perhaps
    // without an answer to give, and only then gets a turn: behind what came after it.
    const isLateJoiner = facts.plan.settings.preemption > 0 && run.start.key !== undefined && seen.has(repeated)
    seen.add(repeated)
    if (before === undefined) continue
    const what = `run ${run.start.run} (${partition}@${offset}) at ${who}, after run ${before.start.run} (@${before.start.offset}) of key ${key}`
    if (before.end === undefined || before.end.at > at) {
      violations.push({ rule: "one of a key at a time", detail: what, at })
    } else if (before.generation === run.generation && before.start.offset >= offset && !isLateJoiner) {
      violations.push({ rule: "a key runs in order", detail: what, at })
    }
  }
  return violations
}

const writtenInOrder = (facts: Facts): ReadonlyArray<Violation> => {
  // A preempted caller may call first and offer second.
  if (facts.plan.settings.preemption > 0) return []
  const violations: Array<Violation> = []
  // What the cluster lost by itself is sent again after what came in the same batch and was written.
  const lost = new Set(
    facts.plan.recordFaults.flatMap(({ call, kind, leg }) => (kind === "lose" && leg === "request" ? [call] : []))
  )
  const seen = new Set<string>()
  const last = new Map<string, { readonly number: number; readonly name: string }>()
  for (const { at, key, label } of facts.written) {
    const call = facts.calls.get(label.call)
    if (label.leg !== "request" || key === undefined || call === undefined || seen.has(label.call)) continue
    // The first attempt was lost: a retry has no place in the order.
    if (label.attempt > 1 || lost.has(label.call)) continue
    seen.add(label.call)
    const lane = `${call.who} ${key}`
    const before = last.get(lane)
    // A write that was given up can still arrive when a frozen leader thaws.
    const isGivenUp = call.end !== undefined && call.end.at < at
    if (before !== undefined && before.number > call.number && !isGivenUp) {
      const detail = `${label.call} was written after ${before.name}, which was called later (key ${key})`
      violations.push({ rule: "a key is written in order", detail, at })
    }
    last.set(lane, { number: call.number, name: label.call })
  }
  return violations
}

export const keyOrder = (facts: Facts): ReadonlyArray<Violation> => [...runsInOrder(facts), ...writtenInOrder(facts)]

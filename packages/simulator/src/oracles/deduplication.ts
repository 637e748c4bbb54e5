/**
 * P6: in one instance an operation that is not safe runs at most once at a time for each key (or call), and not again
 * once it has ended with an outcome that is kept.
 */
import type { Facts, RunFact } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

/** Kept outcomes: success, and errors that are final. What was larger than a reply may be was never an answer. */
const isKept = (facts: Facts, { end, start }: RunFact): boolean => {
  if (end === undefined) return false
  const call = facts.plan.calls.find(({ name }) => name === start.call)
  if (call === undefined || call.behaviour === "huge") return false
  // What ended after it was told to stop is not kept, however it ended; only its caller's outcome tells. The call inside a
  // handler times out in the moment the handler is told, and a fiber that gives way can be told between its last two steps.
  const outlasts = call.behaviour === "stubborn" || start.operation === "Relay" || facts.plan.settings.preemption > 0
  if (outlasts && facts.calls.get(call.name)?.end?.run !== start.run) return false
  return (
    end.exit === "success" ||
    (end.exit === "failure" && call.behaviour === "final" && start.operation !== "Do" && start.operation !== "Relay")
  )
}

/** What is answered may be forgotten when there is no room. */
const isForgotten = ({ plan, replied }: Facts, { start }: RunFact, at: number): boolean =>
  plan.settings.dedupeEntries < 1_000 && (replied.get(`${start.id}/${start.attempt}`) ?? Number.POSITIVE_INFINITY) <= at

export const deduplication = (facts: Facts): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  const last = new Map<string, RunFact>()
  for (const run of facts.runs.values()) {
    const { at, call, id, key, operation, who } = run.start
    if (operation === "Read") continue
    const scope = `${who} ${operation} ${key ?? id}`
    const before = last.get(scope)
    last.set(scope, run)
    if (before === undefined) continue
    const what = `run ${run.start.run} for ${call} at ${who}, after run ${before.start.run} for ${before.start.call}`
    if (before.end === undefined || before.end.at > at) {
      violations.push({ rule: "one run at a time", detail: what, at })
    } else if (isKept(facts, before) && !isForgotten(facts, before, at)) {
      violations.push({ rule: "no second run", detail: `${what}, which ended as ${before.end.exit}`, at })
    }
  }
  return violations
}

/**
 * P2: what a call got is what a run for it said, and a reply that came while its call waited has ended it.
 */
import { runKeyOf } from "../world/caller.ts"
import type { CallFact, Facts, RunFact } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

const exits: Readonly<Record<string, string>> = {
  success: "success",
  refuse: "failure",
  final: "failure",
  defect: "defect"
}

/** Why this run cannot have answered this call. */
const mismatch = ({ end: ended, plan }: CallFact, run: RunFact | undefined): string | undefined => {
  if (run === undefined) return "which never started"
  const { start, end } = run
  if (start.operation !== plan.operation) return `which was a ${start.operation}`
  if (start.key === undefined ? start.call !== plan.name : start.key !== runKeyOf(plan))
    return `which ran for ${start.call}`
  if (end === undefined || end.at > ended!.at) return "which has not ended"
  return end.exit === exits[ended!.outcome] ? undefined : `which ended as ${end.exit}`
}

/** How late its deadline finds the requester before it reads the replies that have come first. */
const overdueMillis = 50

const ends = new Set(["success", "failure", "defect", "cause", "interrupted"])

export const correlation = (facts: Facts): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  for (const call of facts.calls.values()) {
    const { end, plan } = call
    if (end === undefined) continue
    const { at, detail, outcome, run } = end
    if (outcome === "wrong reply") {
      violations.push({ rule: "the right reply", detail: `${plan.name} got a reply ${detail}`, at })
    }
    if (outcome === "defect" && run === undefined) {
      violations.push({ rule: "the right reply", detail: `${plan.name} died of what no handler said: ${detail}`, at })
    }
    if (run === undefined || outcome === "wrong reply") continue
    const wrong = mismatch(call, facts.runs.get(run))
    if (wrong !== undefined) {
      violations.push({ rule: "the right reply", detail: `${plan.name} got ${outcome} of run ${run}, ${wrong}`, at })
    }
  }
  for (const event of facts.events) {
    if (event.type !== "heard" || event.label.leg !== "reply" || !ends.has(event.outcome)) continue
    const call = facts.calls.get(event.label.call)
    if (call === undefined || call.who !== event.who || facts.crashed.has(call.who)) continue
    const { end, plan } = call
    // After a stall a reply that has come already goes before the deadline that has passed meanwhile, unless the stall
    // was too short to tell from a busy turn; a call that had ended when the stall began only has its caller's turn then.
    const stalledAt = facts.resumed.get(`${call.who} ${event.at}`)
    const isOverlooked =
      stalledAt !== undefined &&
      call.calledAt + plan.timeoutMillis > stalledAt &&
      event.at - (call.calledAt + plan.timeoutMillis) > overdueMillis &&
      end?.at === event.at &&
      end.outcome.startsWith("Timeout")
    if (end !== undefined && end.at <= event.at && !isOverlooked) continue
    // Paused after its reply was heard and before its caller had a turn: the caller goes on when the program does.
    if (end !== undefined && facts.resumed.has(`${call.who} ${end.at}`) && !end.outcome.startsWith("Timeout")) continue
    const detail = `${plan.name} heard its reply (${event.outcome}) and ended ${end === undefined ? "never" : `as ${end.outcome} at ${end.at}`}`
    violations.push({ rule: "a reply ends its call", detail, at: event.at })
  }
  return violations
}

/**
 * P13: an interrupted caller is let go at once, its responders are told, and the handler is interrupted. Best effort, so
 * it is judged only where nothing went wrong.
 */
import type { Facts } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

// Twice the slowest way from the requester over the control topic to the handler.
const reachMillis = 60

export const cancellation = (facts: Facts): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  for (const { end, interruptedAt, plan, who } of facts.calls.values()) {
    if (interruptedAt === undefined || facts.wasPaused.has(who) || facts.crashed.has(who)) continue
    if (end === undefined || end.at > interruptedAt) {
      violations.push({ rule: "an interrupted caller is let go", detail: `${plan.name} waited on`, at: interruptedAt })
    }
  }
  if (facts.plan.worldFaults.length > 0 || facts.plan.recordFaults.length > 0) return violations
  const runs = [...facts.runs.values()]
  for (const { end, interruptedAt, plan } of facts.calls.values()) {
    if (interruptedAt === undefined || end?.outcome !== "interrupted" || plan.behaviour === "stubborn") continue
    // Others may wait for a run of the same key.
    if (plan.operation === "Put" || plan.operation === "Take") continue
    for (const run of runs) {
      if (run.start.call !== plan.name || run.start.at > interruptedAt) continue
      if (run.end !== undefined && run.end.at <= interruptedAt + reachMillis) continue
      const detail = `run ${run.start.run} for ${plan.name} went on until ${run.end?.at ?? "the end"} (${run.end?.exit ?? "never ended"})`
      violations.push({ rule: "the handler is interrupted too", detail, at: interruptedAt })
    }
  }
  return violations
}

/**
 * P13: an interrupted caller is let go at once, its responders are told, and the handler is interrupted. Best effort, so
 * it is judged only where nothing went wrong.
 */
import { hasPrimaryKey } from "../plan/Plan.ts"
import type { CallFact, Facts } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

// Twice the slowest way from the requester over the control topic to the handler.
const reachMillis = 60

const uninterruptible = new Set(["stubborn", "stuck"])

export const cancellation = (facts: Facts): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  for (const { end, interruptedAt, plan, who } of facts.calls.values()) {
    if (interruptedAt === undefined || facts.wasPaused.has(who) || facts.crashed.has(who)) continue
    if (end === undefined || end.at > interruptedAt) {
      violations.push({ rule: "an interrupted caller is let go", detail: `${plan.name} waited on`, at: interruptedAt })
    }
  }
  if (facts.plan.worldFaults.length > 0 || facts.plan.recordFaults.length > 0) return violations
  violations.push(...sentAfterAll(facts))
  const runs = [...facts.runs.values()]
  // It had its outcome when it was interrupted, and nothing was left to cancel.
  const isAccepted = ({ interruptedAt, plan, who }: CallFact): boolean =>
    plan.isDiscard &&
    facts.events.some(
      (event) =>
        event.type === "heard" &&
        event.label.leg === "reply" &&
        event.label.call === plan.name &&
        event.who === who &&
        event.at <= interruptedAt!
    )
  for (const call of facts.calls.values()) {
    const { end, interruptedAt, plan } = call
    if (interruptedAt === undefined || end?.outcome !== "interrupted" || uninterruptible.has(plan.behaviour)) continue
    if (isAccepted(call)) continue
    // Others may wait for a run of the same key.
    if (hasPrimaryKey(plan.operation)) continue
    for (const run of runs) {
      if (run.start.call !== plan.name || run.start.at > interruptedAt) continue
      if (run.end !== undefined && run.end.at <= interruptedAt + reachMillis) continue
      const detail = `run ${run.start.run} for ${plan.name} went on until ${run.end?.at ?? "the end"} (${run.end?.exit ?? "never ended"})`
      violations.push({ rule: "the handler is interrupted too", detail, at: interruptedAt })
    }
  }
  return violations
}

/** A request that was given up before it was sent needs no cancel, and is not sent. */
const sentAfterAll = (facts: Facts): ReadonlyArray<Violation> => {
  const cancelled = new Set(facts.written.flatMap(({ label }) => (label.leg === "cancel" ? [label.id] : [])))
  return facts.written.flatMap(({ at, label }) => {
    const call = facts.calls.get(label.call)
    const isLate = label.leg === "request" && call?.interruptedAt !== undefined && at > call.interruptedAt
    return isLate && !cancelled.has(label.id)
      ? [{ rule: "what was given up is not sent", detail: `${label.call} was sent, and no cancel after it`, at }]
      : []
  })
}

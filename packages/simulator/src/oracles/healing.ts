/**
 * P11: when all faults are over, a call succeeds.
 */
import type { Facts } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

export const healing = (facts: Facts): ReadonlyArray<Violation> => {
  // A handler that never ends and cannot be interrupted holds its key: that is its author's to mend.
  const isStuck = facts.plan.calls.some(({ behaviour }) => behaviour === "stuck")
  return facts.events.flatMap((event) =>
    event.type === "ended" && event.call.startsWith("probe") && event.outcome !== "success" && !isStuck
      ? [{ rule: "it heals", detail: `${event.call} ended as ${event.outcome}: ${event.detail}`, at: event.at }]
      : []
  )
}

/**
 * P5: a call inside a handler that could only wait for its own ancestor is told so at once.
 */
import type { Facts } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

export const ancestors = (facts: Facts): ReadonlyArray<Violation> => {
  if (facts.plan.recordFaults.length > 0 || facts.plan.worldFaults.length > 0) return []
  return facts.events.flatMap((event) =>
    event.type === "nested" && event.behaviour === "circle" && event.outcome !== "Rejected circular-wait"
      ? [{ rule: "nobody waits for an ancestor", detail: `inside ${event.call}: ${event.outcome}`, at: event.at }]
      : []
  )
}

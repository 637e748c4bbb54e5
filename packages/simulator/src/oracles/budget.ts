/**
 * P5: a call made inside a handler has no later deadline than the request being handled.
 */
import { epoch } from "../kernel/VirtualClock.ts"
import type { Facts } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

export const budget = (facts: Facts): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  const runs = [...facts.runs.values()].filter(({ start }) => start.operation === "Relay")
  if (runs.length === 0) return violations
  for (const { at, deadline, label } of facts.written) {
    const [outer, inner] = label.call.split(".")
    if (inner === undefined || deadline === undefined || label.leg !== "request") continue
    const call = facts.calls.get(outer!)
    if (call === undefined) continue
    const latest = runs
      .filter(({ start }) => start.call === outer && start.at <= at)
      .map(({ start }) => {
        const index = Number(/^responder-(\d+)/.exec(start.who)?.[1] ?? 0)
        return start.at + call.plan.timeoutMillis + (facts.plan.settings.skews[index] ?? 0)
      })
    if (latest.length === 0 || deadline - epoch <= Math.max(...latest) + 1) continue
    const detail = `${label.call} may take until ${deadline - epoch}, its request until ${Math.max(...latest)}`
    violations.push({ rule: "a nested call inherits the budget", detail, at })
  }
  return violations
}

/**
 * P4: an error that says "not sent" means that nothing was ever written, "acknowledged" means that it was, "certainly not
 * executed" that no handler ever started; and a timeout does not come before the time is up.
 */
import type { Facts } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

const neverSent = new Set(["NotSent", "Overloaded", "BudgetExhausted", "RequestTooLarge", "InvalidPayload"])

export const certainty = (facts: Facts): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  const written = new Set(facts.written.flatMap(({ label }) => (label.leg === "request" ? [label.call] : [])))
  const lost = new Set(facts.plan.recordFaults.flatMap(({ call, kind }) => (kind === "lose" ? [call] : [])))
  const started = new Set(Array.from(facts.runs.values(), ({ start }) => start.call))
  for (const { calledAt, end, plan } of facts.calls.values()) {
    if (end === undefined) continue
    const { at, outcome } = end
    const { name, timeoutMillis } = plan
    const isWritten = written.has(name)
    if (isWritten && (neverSent.has(outcome) || outcome.endsWith(" not-sent"))) {
      violations.push({
        rule: "not sent means not written",
        detail: `${name} ended as ${outcome} and is in the log`,
        at
      })
    }
    if (!isWritten && !lost.has(name) && outcome.endsWith(" acknowledged")) {
      violations.push({
        rule: "acknowledged means written",
        detail: `${name} ended as ${outcome} and is in no log`,
        at
      })
    }
    if (end.isNotExecuted && started.has(name)) {
      violations.push({
        rule: "not executed means not started",
        detail: `${name} ended as ${outcome} and a handler ran for it`,
        at
      })
    }
    if (outcome.startsWith("Timeout") && at < calledAt + timeoutMillis) {
      violations.push({
        rule: "no timeout before the time",
        detail: `${name} ended ${calledAt + timeoutMillis - at} ms early`,
        at
      })
    }
  }
  return violations
}

/**
 * P7 and P9: only what may be repeated is retried, no more often than its policy says, under one correlation id; and no
 * responder runs more handlers at one time than it may, nor than its memory has room for.
 */
import type { Facts } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

const maxAttempts: Readonly<Record<string, number>> = { Read: 3, Put: 3, Take: 1, Own: 1, Mark: 1, Do: 1, Relay: 1 }

const retries = (facts: Facts): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  const ids = new Map<string, string>()
  for (const { at, label } of facts.written) {
    const call = facts.calls.get(label.call)
    if (label.leg !== "request" || call === undefined) continue
    const { operation } = call.plan
    if (label.attempt > maxAttempts[operation]!) {
      violations.push({
        rule: "retries are safe",
        detail: `attempt ${label.attempt} of ${label.call}, a ${operation}`,
        at
      })
    }
    const id = ids.get(label.call) ?? label.id
    ids.set(label.call, id)
    if (id === label.id) continue
    violations.push({ rule: "attempts share one id", detail: `${label.call} was sent as ${id} and ${label.id}`, at })
  }
  return violations
}

/** What an open request counts for at least, beside its bytes. */
const leastBytes = 1_024

const concurrency = (facts: Facts): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  const running = new Map<string, number>()
  const { concurrency: places, maxOpenBytes = Number.POSITIVE_INFINITY } = facts.plan.settings
  const most = Math.min(places, Math.ceil(maxOpenBytes / leastBytes))
  for (const event of facts.events) {
    if (event.type !== "run" && event.type !== "ran") continue
    const count = (running.get(event.who) ?? 0) + (event.type === "run" ? 1 : -1)
    running.set(event.who, count)
    if (count <= most) continue
    violations.push({ rule: "handlers are limited", detail: `${count} run at ${event.who}`, at: event.at })
  }
  return violations
}

export const limits = (facts: Facts): ReadonlyArray<Violation> => [...retries(facts), ...concurrency(facts)]

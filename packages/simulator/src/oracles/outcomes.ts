/**
 * P1: every call ends exactly once, no later than its deadline and 50 ms, unless its program died. Time in which its
 * program was paused does not count.
 */
import type { Event } from "../history/Event.ts"
import type { Violation } from "./Violation.ts"

const slackMillis = 50

export const outcomes = (events: ReadonlyArray<Event>): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  const open = new Map<
    string,
    { readonly at: number; readonly who: string; readonly deadline: number; paused: number }
  >()
  const ended = new Set<string>()
  const pausedAt = new Map<string, number>()
  for (const event of events) {
    const { at, who } = event
    switch (event.type) {
      case "called":
        open.set(event.call, { at, who, deadline: at + event.timeoutMillis, paused: 0 })
        break
      case "paused":
        pausedAt.set(who, at)
        break
      case "resumed":
        for (const call of open.values())
          if (call.who === who) call.paused += at - Math.max(call.at, pausedAt.get(who)!)
        break
      case "crashed":
        for (const [name, call] of open) if (call.who === who) open.delete(name)
        break
      case "ended": {
        const call = open.get(event.call)
        if (call === undefined || ended.has(event.call)) {
          violations.push({ rule: "a call ends once", detail: `${event.call} ended again: ${event.outcome}`, at })
          break
        }
        open.delete(event.call)
        ended.add(event.call)
        if (at > call.deadline + call.paused + slackMillis) {
          const late = at - call.deadline - call.paused
          violations.push({
            rule: "a call ends in time",
            detail: `${event.call} ended ${late} ms late: ${event.outcome}`,
            at
          })
        }
        break
      }
      default:
        break
    }
  }
  for (const [name, call] of open) {
    violations.push({ rule: "a call ends", detail: `${name} of ${call.who} never ended`, at: events.at(-1)?.at ?? 0 })
  }
  return violations
}

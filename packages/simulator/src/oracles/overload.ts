/**
 * P9: with more work than can be done no place stands empty while work waits, nothing is begun that cannot help its caller
 * any more, what is begun is of the newest, and as much succeeds as can be done.
 */
import { isLoaded } from "../plan/loadPlan.ts"
import type { Facts, RunFact } from "./Facts.ts"
import { placeOf } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

// The way of a record there, and what a fetch, a reply and a turn of the loop add.
const wayMillis = 60

// Until the first have ended nothing is known of what handlers take.
const settlingMillis = 700

/** P5: what nobody waits for any more is not begun. */
const begunTooLate = (facts: Facts): ReadonlyArray<Violation> =>
  [...facts.runs.values()].flatMap(({ start }) => {
    const call = facts.calls.get(start.call)
    if (call === undefined) return []
    const late = start.at - call.calledAt - call.plan.timeoutMillis
    if (late <= wayMillis) return []
    return [{ rule: "nothing begins too late", detail: `${start.call} began ${late} ms too late`, at: start.at }]
  })

/** The longest time for which a request waited while a place was empty. */
const unusedCapacity = (facts: Facts): ReadonlyArray<Violation> => {
  const { concurrency } = facts.plan.settings
  const waiting = new Map<string, number>()
  let running = 0
  let emptySince = 0
  for (const event of facts.events) {
    if (event.type === "run" || event.type === "ran") {
      if (event.type === "run") waiting.delete(event.call)
      running += event.type === "run" ? 1 : -1
      if (running < concurrency) emptySince = Math.max(emptySince, event.at)
    } else if (event.type === "written" && event.label.leg === "request") waiting.set(event.label.call, event.at)
    else if (event.type === "written" && event.label.leg === "reply") waiting.delete(event.label.call)
    // Nobody waits for it any more.
    else if (event.type === "ended") waiting.delete(event.call)
    if (running >= concurrency) emptySince = Number.POSITIVE_INFINITY
    else if (emptySince === Number.POSITIVE_INFINITY) emptySince = event.at
    const [first] = waiting.values()
    if (first === undefined || event.at - Math.max(first, emptySince) <= 2 * wayMillis) continue
    const detail = `${waiting.size} requests waited while ${running} of ${concurrency} places were taken`
    return [{ rule: "no place is empty while work waits", detail, at: event.at }]
  }
  return []
}

const ages = (facts: Facts, runs: ReadonlyArray<RunFact>): ReadonlyArray<number> =>
  runs
    .map(({ start }) => start.at - (facts.requests.get(placeOf(start))?.at ?? start.at))
    .toSorted((one, other) => one - other)

/** What was begun and what became of it, once the load has been there for a while. */
const goodput = (facts: Facts): ReadonlyArray<Violation> => {
  const { calls, settings } = facts.plan
  const millis = calls.reduce((sum, call) => sum + call.millis, 0) / calls.length
  const from = calls[0]!.at + settlingMillis
  const to = calls.at(-1)!.at
  const runs = [...facts.runs.values()].filter(({ start }) => start.at >= from && start.at < to)
  const violations: Array<Violation> = []
  const succeeded = runs.filter(({ start }) => facts.calls.get(start.call)?.end?.outcome === "success").length
  const possible = ((to - from) / millis) * settings.concurrency
  if (succeeded < 0.8 * possible) {
    const detail = `${succeeded} of ${Math.round(possible)} that could be done were done in time`
    violations.push({ rule: "overload keeps goodput", detail, at: to })
  }
  if (succeeded < 0.9 * runs.length) {
    const detail = `${runs.length - succeeded} of ${runs.length} that were begun were begun in vain`
    violations.push({ rule: "what is begun ends in time", detail, at: to })
  }
  const middle = ages(facts, runs)[Math.floor(runs.length / 2)] ?? 0
  if (middle > 200) {
    const detail = `half of those begun had waited for ${middle} ms and more`
    violations.push({ rule: "the newest have the places", detail, at: to })
  }
  return violations
}

export const overload = (facts: Facts): ReadonlyArray<Violation> =>
  isLoaded(facts.plan) ? [...begunTooLate(facts), ...unusedCapacity(facts), ...goodput(facts)] : []

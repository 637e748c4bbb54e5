/**
 * P5, P6: an attempt is run once at an instance, whatever came of it; every handler that can be interrupted ends, and none
 * runs for longer than any may.
 */
import type { Facts, RunFact } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

/** Handlers that go on whatever they are told. */
const deaf: ReadonlySet<string> = new Set(["stubborn", "stuck"])

const isDeaf = ({ plan }: Facts, { start }: RunFact): boolean => {
  const call = plan.calls.find(({ name }) => name === start.call)
  return call === undefined || deaf.has(call.behaviour)
}

const once = (facts: Facts): ReadonlyArray<Violation> => {
  // What is remembered is bounded by count.
  if (facts.plan.settings.dedupeEntries < 1_000) return []
  const first = new Map<string, RunFact>()
  return [...facts.runs.values()].flatMap((run) => {
    const { at, attempt, call, id, operation, who } = run.start
    if (operation === "Read") return []
    const scope = `${who} ${operation} ${id} ${attempt}`
    const before = first.get(scope)
    first.set(scope, before ?? run)
    if (before === undefined) return []
    const detail = `run ${run.start.run} at ${who} for attempt ${attempt} of ${call}, after run ${before.start.run}`
    return [{ rule: "an attempt runs once", detail, at }]
  })
}

/** How much longer than its time a handler is seen to run: until it is told, and until it has ended. */
const slackMillis = 150

const bounded = (facts: Facts): ReadonlyArray<Violation> =>
  [...facts.runs.values()].flatMap((run) => {
    const { at, call, run: number, who } = run.start
    if (isDeaf(facts, run) || facts.crashed.has(who) || facts.wasPaused.has(who)) return []
    if (run.end === undefined) {
      return [{ rule: "every handler ends", detail: `run ${number} at ${who} for ${call} never ended`, at }]
    }
    const millis = run.end.at - at
    if (millis <= facts.plan.settings.maxTimeoutMillis + slackMillis) return []
    const detail = `run ${number} at ${who} for ${call} went on for ${millis} ms`
    return [{ rule: "no run outlasts maxTimeout", detail, at: run.end.at }]
  })

export const lives = (facts: Facts): ReadonlyArray<Violation> => [...once(facts), ...bounded(facts)]

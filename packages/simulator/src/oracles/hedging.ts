/**
 * P7: a slow read is sent again beside its first attempt, under a number of its own, and once the call has its answer its other
 * attempts are stopped. Judged where nothing went wrong, since faults explain nearly everything.
 */
import { hedgeMillis } from "../world/Contract.ts"
import type { CallFact, Facts } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

// From the answer over the control topic to the handler, as for callers that are interrupted.
const reachMillis = 60
/** So many hedges an operation may have in any case. */
const burst = 5

const uninterruptible = new Set(["stubborn", "stuck"])

/** A number is given to one record, and to another one only when the first was certainly not written. */
const numbered = (facts: Facts): ReadonlyArray<Violation> => {
  const partitions = new Map<string, number>()
  return facts.written.flatMap(({ at, label, partition }) => {
    if (label.leg !== "request" || !facts.calls.has(label.call)) return []
    const attempt = `${label.id}/${label.attempt}`
    const before = partitions.get(attempt)
    partitions.set(attempt, partition)
    const detail = `attempt ${label.attempt} of ${label.call} is in partitions ${before} and ${partition}`
    return before === undefined || before === partition
      ? []
      : [{ rule: "attempts have numbers of their own", detail, at }]
  })
}

const isAnswered = ({ end, plan }: CallFact): boolean =>
  plan.operation === "Read" && !plan.isDiscard && end?.outcome === "success"

const stopped = (facts: Facts): ReadonlyArray<Violation> =>
  [...facts.runs.values()].flatMap(({ end, start }) => {
    const call = facts.calls.get(start.call)
    if (call?.end === undefined || !isAnswered(call) || uninterruptible.has(call.plan.behaviour)) return []
    if (start.run === call.end.run || start.at > call.end.at || end === undefined) return []
    if (end.at <= call.end.at + reachMillis || end.exit === "interrupt") return []
    const detail = `run ${start.run} for ${start.call} went on until ${end.at}, its call had ended`
    return [{ rule: "attempts beside the answer are stopped", detail, at: call.end.at }]
  })

const hedged = (facts: Facts): ReadonlyArray<Violation> => {
  const { maxTimeoutMillis } = facts.plan.settings
  return [...facts.calls.values()].flatMap((call) => {
    const { calledAt, end } = call
    if (end === undefined || !isAnswered(call) || end.at <= calledAt + hedgeMillis + reachMillis) return []
    if (call.plan.timeoutMillis > maxTimeoutMillis) return []
    const attempts = facts.written.filter(({ label }) => label.leg === "request" && label.call === call.plan.name)
    const isBeside = attempts.some(({ at, label }) => label.attempt > 1 && at <= calledAt + hedgeMillis + reachMillis)
    const detail = `${call.plan.name} took ${end.at - calledAt} ms and was not sent beside its first attempt`
    return attempts.length === 0 || isBeside ? [] : [{ rule: "slow reads are hedged", detail, at: end.at }]
  })
}

/** Whether every read that is slow has a partition to be hedged on, a budget, and no rejection that says when to try again. */
const isCertain = ({ plan: { calls, recordFaults, settings, worldFaults } }: Facts): boolean =>
  worldFaults.length === 0 &&
  recordFaults.length === 0 &&
  settings.partitions > 1 &&
  settings.concurrency >= 64 &&
  calls.filter(({ operation }) => operation === "Read" || operation === "Relay").length <= burst

export const hedging = (facts: Facts): ReadonlyArray<Violation> =>
  isCertain(facts) ? [...numbered(facts), ...stopped(facts), ...hedged(facts)] : numbered(facts)

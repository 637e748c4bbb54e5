/**
 * P4, P11: the way back survives its broker. New calls name a reply partition that is heard, the next one that answers is
 * looked for at once, and what is written to the old one still ends the call that named it.
 */
import type { CallFact, Facts } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

/** Until the loss is noticed, and another partition is read. A leader that does not answer is given a second. */
const changeMillis = 1_400
/** The slowest way of a reply from the log to its caller. */
const wayMillis = 60
/** A call that has so long gets over one attempt that is lost. */
const patientMillis = 3_000

const answers: ReadonlySet<string> = new Set(["success", "failure", "defect", "interrupted"])

/** When a node that was frozen or cut at some time after `from` answered again at last. */
const trouble = ({ plan }: Facts, from: number): number =>
  plan.worldFaults.reduce(
    (until, fault) =>
      (fault.kind === "freeze" || fault.kind === "cut") && fault.at + fault.millis > from
        ? Math.max(until, fault.at + fault.millis)
        : until,
    from
  )

/** A call that is made while its requester does not hear a partition does not name it. */
const namesWhatIsHeard = (facts: Facts): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  /** Since when a host does not hear a partition. */
  const deafSince = new Map<string, number>()
  for (const event of facts.events) {
    const { at, who } = event
    if (event.type === "hearing") {
      const place = `${who} ${event.partition}`
      if (event.isHeard) deafSince.delete(place)
      else deafSince.set(place, at)
    } else if (event.type === "written" && event.label.leg === "request" && event.label.attempt === 1) {
      const call = facts.calls.get(event.label.call)
      if (call === undefined || event.replyPartition === undefined) continue
      const since = deafSince.get(`${call.who} ${event.replyPartition}`)
      if (since === undefined || call.calledAt <= since) continue
      const detail = `${call.plan.name} names reply partition ${event.replyPartition}, not heard since ${since} ms`
      violations.push({ rule: "a call names a partition that is heard", detail, at })
    }
  }
  return violations
}

/** A reply that is in the log ends its call, as soon as the leaders answer. */
const writtenReplyArrives = (facts: Facts): ReadonlyArray<Violation> => {
  const { settings, worldFaults } = facts.plan
  if (worldFaults.some(({ kind }) => kind === "lose-replies")) return []
  return facts.written.flatMap(({ at, label, outcome }): ReadonlyArray<Violation> => {
    if (label.leg !== "reply" || !answers.has(outcome ?? "")) return []
    const call = facts.calls.get(label.call)
    if (call === undefined || facts.crashed.has(call.who) || facts.wasPaused.has(call.who)) return []
    // A preempted fiber may be at it for longer.
    if (settings.preemption > 0) return []
    const by = trouble(facts, at) + wayMillis
    if (call.calledAt > at || by >= call.calledAt + call.plan.timeoutMillis) return []
    if (call.end !== undefined && call.end.at <= by) return []
    const detail = `the reply of ${label.call} is in the log, which ended ${call.end === undefined ? "never" : `as ${call.end.outcome} at ${call.end.at} ms`}`
    return [{ rule: "a reply in the log ends its call", detail, at }]
  })
}

const isOrdinary = ({ plan: call }: CallFact): boolean =>
  call.operation === "Read" &&
  call.key === undefined &&
  call.behaviour === "ok" &&
  call.millis <= 30 &&
  call.timeoutMillis >= patientMillis &&
  call.interruptAfter === undefined &&
  !call.isDiscard &&
  !call.isOversize &&
  !call.isImpatient

/** While one of several brokers answers no more, a read that can go elsewhere, there and back, succeeds. */
const goesElsewhere = (facts: Facts): ReadonlyArray<Violation> => {
  const { plan } = facts
  const { calls, recordFaults, settings, worldFaults } = plan
  const [fault] = worldFaults
  if (fault === undefined || worldFaults.length > 1 || recordFaults.length > 0) return []
  if (fault.kind !== "freeze" && fault.kind !== "cut") return []
  const gone = fault.leader % settings.leaders
  // The coordinator sits on the first node; the second is asked by everyone who has others to ask.
  if (gone === 0 || settings.partitions < 2 || settings.replyPartitions < 2) return []
  if (settings.concurrency < 64 || settings.skews.some((skew) => skew !== 0)) return []
  if (settings.maxTimeoutMillis < patientMillis) return []
  if (calls.some(({ behaviour, operation }) => behaviour === "stuck" || behaviour === "hang" || operation === "Relay"))
    return []
  return [...facts.calls.values()].flatMap((call): ReadonlyArray<Violation> => {
    const { end } = call
    if (!isOrdinary(call) || end === undefined || end.outcome === "success" || call.calledAt <= facts.assignedAt)
      return []
    // What was asked before is told by its own timeouts.
    if (call.calledAt < fault.at + changeMillis) return []
    const detail = `${call.plan.name} ended as ${end.outcome}, and only broker ${gone} does not answer`
    return [{ rule: "a read goes elsewhere", detail, at: end.at }]
  })
}

export const hearing = (facts: Facts): ReadonlyArray<Violation> => [
  ...namesWhatIsHeard(facts),
  ...writtenReplyArrives(facts),
  ...goesElsewhere(facts)
]

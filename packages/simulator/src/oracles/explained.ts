/**
 * No failure without something that explains it.
 *
 * Some outcomes are wrong whatever happens; some need their particular cause; and a call that nothing disturbed must end
 * as its handler says.
 */
import type { RecordFault } from "../cluster/RecordFault.ts"
import type { PlannedCall, WorldFault } from "../plan/Plan.ts"
import { orderOf } from "../world/caller.ts"
import type { CallFact, Facts } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

const expectedOf = ({ behaviour, isDiscard, isOversize }: PlannedCall): string => {
  if (isOversize) return "RequestTooLarge"
  if (isDiscard) return "accepted"
  switch (behaviour) {
    case "refuse":
    case "final":
      return behaviour
    case "die":
      return "defect"
    case "quit":
      return "Interrupted"
    case "huge":
      return "Unanswerable reply-too-large"
    case "hang":
    case "stuck":
      return "Timeout acknowledged"
    default:
      return "success"
  }
}

const conflicts = (facts: Facts, call: PlannedCall): boolean => {
  const payload = JSON.stringify(orderOf(call))
  return facts.plan.calls.some(
    (other) =>
      other.operation === call.operation && other.key === call.key && JSON.stringify(orderOf(other)) !== payload
  )
}

/** Whether the one cause that can lead to this outcome is there; undefined when it is not of that sort. */
const causeOf = (
  facts: Facts,
  { plan: call, who }: CallFact,
  end: NonNullable<CallFact["end"]>
): boolean | undefined => {
  const { at, outcome } = end
  const { recordFaults, settings, worldFaults } = facts.plan
  // A cause comes first.
  const isLost = worldFaults.some((fault) => fault.kind === "lose-replies" && fault.at <= at)
  const isTooLarge = recordFaults.some((fault) => fault.kind === "too-large" && fault.call === call.name)
  const isQuiet = recordFaults.length === 0 && worldFaults.length === 0
  const isTight = settings.concurrency < 64
  const [word] = outcome.split(" ")
  switch (word) {
    case "interrupted":
      return call.interruptAfter !== undefined
    case "RequestTooLarge":
      return call.isOversize
    case "Overloaded":
      return isTight
    case "ClockSkew":
      return settings.skews.some((skew) => skew !== 0)
    case "ReplyAddressLost":
      return isLost
    case "Closed":
      return facts.events.some((event) => event.type === "closing" && event.who === who && event.at <= at)
    case "NotSent":
      return (call.isImpatient && !isQuiet) || isTooLarge || isLost
    case "Rejected":
    case "Unanswerable":
      break
    case "success":
    case "refuse":
    case "final":
    case "defect":
    case "Interrupted":
    case "accepted":
      return outcome === expectedOf(call)
    case "Timeout":
      return undefined
    default:
      return false
  }
  switch (outcome) {
    case "Unanswerable reply-too-large":
      return call.behaviour === "huge" || recordFaults.some(({ kind }) => kind === "too-large")
    case "Rejected key-conflict":
      return conflicts(facts, call)
    case "Rejected overloaded":
      return isTight
    case "Unanswerable reply-refused":
      return isLost
    case "Rejected expired":
      // Who was stopped meanwhile hears of it before its own clock has told.
      return (
        settings.maxTimeoutMillis < call.timeoutMillis ||
        settings.skews.some((skew) => skew !== 0) ||
        facts.wasPaused.has(who)
      )
    default:
      return false
  }
}

/** Whether a call of this operation gets over it: what is lost is made good where it is retried. */
const harmless =
  ({ behaviour, operation }: PlannedCall) =>
  ({ kind, millis }: RecordFault): boolean => {
    if (kind === "too-large") return false
    // A rejection counts for the newest attempt only, and no other is made after the last one.
    if (kind === "lose") return (operation === "Read" || operation === "Put") && behaviour !== "huge"
    return kind !== "delay" || millis <= 600
  }

const patientMillis = 3_000
/** The way there and back, three times over. */
const wayMillis = 100
const laneMillis = 1_200
/** An attempt's timeout, and the pause of a leader's lane. */
const hindranceMillis = 450
const quickMillis = 30
/** Holding a group for so long, for a rebalance and for a drain, leaves a patient call its time. */
const shortHoldMillis = 300

/** What is over soon, and loses nothing. */
const isGentle = (facts: Facts, fault: WorldFault, calledAt: number): boolean => {
  switch (fault.kind) {
    case "rebalance":
    case "refuse-commits":
    case "junk":
    case "damage":
    case "move":
      return true
    case "cut-off":
    case "remake":
      return calledAt > fault.at + wayMillis
    case "freeze":
    case "cut":
      return fault.millis <= 100
    case "drain":
      return fault.role === "responder" && (facts.plan.settings.responders > 1 || fault.millis <= 400)
    default:
      return false
  }
}

const isEndless = ({ behaviour }: PlannedCall): boolean => behaviour === "hang" || behaviour === "stuck"

/** Whether the world around a call was such that it can have its answer in time. */
const isPeaceful = (facts: Facts, { calledAt }: CallFact): boolean => {
  const { calls, settings, worldFaults } = facts.plan
  if (settings.concurrency < 64 || settings.skews.some((skew) => Math.abs(skew) >= settings.clockSkewMillis))
    return false
  // Slow handlers hold up rebalances, and so does one whose own call waits for the end of the rebalance: then only what comes
  // after the last one counts, and only if nothing goes wrong.
  const isHeld = ({ operation }: PlannedCall): boolean =>
    operation === "Relay" && settings.quiesceMillis > shortHoldMillis
  if (calls.some((call) => call.millis > quickMillis || isEndless(call) || isHeld(call))) {
    return worldFaults.length === 0 && calledAt > facts.assignedAt
  }
  return worldFaults.every((fault) => isGentle(facts, fault, calledAt))
}

/** Whether each attempt is a run of its own: nothing is kept of reads, nor of what was too large to be answered. */
const isRunByEach = ({ behaviour, operation }: PlannedCall): boolean =>
  operation === "Read" || (operation === "Put" && behaviour === "huge")

/** Nothing that the plan did to it, to its neighbours or to the world excuses another outcome than its handler's. */
const isUndisturbed = (facts: Facts, fact: CallFact): boolean => {
  const { plan: call } = fact
  const { calls, recordFaults } = facts.plan
  if (!isPeaceful(facts, fact) || call.interruptAfter !== undefined || conflicts(facts, call)) return false
  const lane = call.key === undefined ? [call] : calls.filter(({ key }) => key === call.key)
  const names = new Set(lane.map(({ name }) => name))
  const onLane = recordFaults.filter((fault) => names.has(fault.call))
  if (onLane.length > 1 || !onLane.every(harmless(call)) || lane.some(isEndless)) return false
  if (onLane.length > 0 && facts.plan.worldFaults.length > 0) return false
  // Each attempt of a read runs, one behind the other, and only the newest one's rejection counts.
  const work = lane.reduce((sum, planned) => sum + planned.millis * (isRunByEach(planned) ? 3 : 1), 0)
  const timeoutMillis = Math.min(call.timeoutMillis, facts.plan.settings.maxTimeoutMillis)
  const isCalm = onLane.length === 0 && facts.plan.worldFaults.length === 0 && facts.plan.recordFaults.length === 0
  if (isCalm && fact.calledAt > facts.assignedAt) return timeoutMillis >= work + wayMillis
  if (facts.plan.worldFaults.length === 0 && fact.calledAt > facts.assignedAt && call.operation !== "Relay") {
    // A fault of one record can hold up all records that travel with it.
    const hindrance = recordFaults.reduce((sum, { millis }) => sum + millis + hindranceMillis, 0)
    if (!call.isImpatient && timeoutMillis >= work + wayMillis + hindrance) return true
  }
  // The call inside has less time, and a record of its own for things to go wrong with.
  if (call.isImpatient || call.operation === "Relay") return false
  return timeoutMillis >= patientMillis && work <= laneMillis
}

export const explained = (facts: Facts): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  for (const call of facts.calls.values()) {
    const { end, plan } = call
    if (end === undefined || end.outcome === "wrong reply") continue
    const { at, detail, outcome } = end
    if (causeOf(facts, call, end) === false) {
      violations.push({ rule: "a failure has its cause", detail: `${plan.name} ended as ${outcome}: ${detail}`, at })
    } else if (outcome !== expectedOf(plan) && isUndisturbed(facts, call)) {
      const expected = expectedOf(plan)
      violations.push({
        rule: "no failure without a fault",
        detail: `${plan.name} ended as ${outcome}, not ${expected}: ${detail}`,
        at
      })
    }
  }
  return violations
}

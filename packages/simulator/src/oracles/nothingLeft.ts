/**
 * P9, P12 and the ends of P1 and P6: when all is quiet nothing is held any more, everything is committed, every program
 * closes, and every request that was written was run, answered or cancelled.
 */
import type { World } from "../world/World.ts"
import type { Facts } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

const gauges = ["kafka_rr_requester_in_flight", "kafka_rr_responder_running", "kafka_rr_responder_open_offsets"]

export const nothingLeft = (facts: Facts, world: World): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  const end = facts.events.at(-1)?.at ?? 0
  for (const event of facts.events) {
    if (event.type !== "counted") continue
    violations.push({
      rule: event.what.replace(/ in partition \d+/, ""),
      detail: `${event.count} at ${event.who}`,
      at: event.at
    })
  }
  // What cannot be interrupted outlives its program's closing.
  const stuck = new Set([...facts.runs.values()].flatMap(({ end, start }) => (end === undefined ? [start.who] : [])))
  for (const { host, isClosed } of world.programs) {
    if (!isClosed || host.state === "dead" || stuck.has(host.name)) continue
    if (host.timers > 0)
      violations.push({ rule: "no timer is left", detail: `${host.timers} of ${host.name}`, at: end })
    for (const { name, value } of host.readings()) {
      if (gauges.includes(name) && value !== 0) {
        violations.push({ rule: "nothing is held when closed", detail: `${name} of ${host.name} is ${value}`, at: end })
      }
    }
  }
  return [...violations, ...nothingForgotten(facts)]
}

const nothingForgotten = (facts: Facts): ReadonlyArray<Violation> => {
  // With faults a request may be past its deadline before anybody could run or answer it.
  if (facts.plan.worldFaults.length > 0 || facts.plan.recordFaults.length > 0) return []
  // Nor behind a handler that never ends.
  if (facts.plan.calls.some(({ behaviour }) => behaviour === "stuck")) return []
  const served = new Set<string>()
  for (const { start } of facts.runs.values()) served.add(start.id)
  for (const { label } of facts.written) if (label.leg !== "request") served.add(label.id)
  // Behind slow work of its key a request can be past its time before its turn.
  const isLate = (name: string): boolean => facts.calls.get(name)?.end?.outcome.startsWith("Timeout") === true
  return facts.written.flatMap(({ at, label, partition, offset }) =>
    label.leg === "request" && label.call !== "?" && !served.has(label.id) && !isLate(label.call)
      ? [{ rule: "no request is forgotten", detail: `${label.call} (${partition}@${offset})`, at }]
      : []
  )
}

/**
 * P1 and P14: the requester's own count of ended calls is the number of calls that ended.
 */
import type { World } from "../world/World.ts"
import type { Facts } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

// These end before they are counted.
const uncounted = new Set(["RequestTooLarge", "InvalidPayload", "InvalidHeaders", "InvalidTimeout"])

export const counts = (facts: Facts, world: World): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  for (const { host, isClosed, role } of world.programs) {
    if (role !== "requester" || !isClosed || host.state === "dead") continue
    let counted = 0
    for (const { name, value } of host.readings()) if (name === "kafka_rr_requester_calls_total") counted += value
    // A caller that is interrupted before its call is registered leaves nothing to count.
    const ended = facts.events.filter(
      (event) => event.type === "ended" && event.who === host.name && !uncounted.has(event.outcome)
    ).length
    const interrupted = facts.events.filter(
      (event) => event.type === "ended" && event.who === host.name && event.outcome === "interrupted"
    ).length
    if (counted > ended || counted < ended - interrupted) {
      const detail = `${host.name} counted ${counted} and ${ended} ended`
      violations.push({ rule: "every outcome is counted once", detail, at: facts.events.at(-1)?.at ?? 0 })
    }
  }
  return violations
}

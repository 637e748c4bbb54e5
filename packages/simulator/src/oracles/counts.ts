/**
 * P1 and P14: the requester's own count of ended calls is the number of calls that ended.
 */
import type { World } from "../world/World.ts"
import type { Facts } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

// These can end before there is anything to count.
const early = new Set(["interrupted", "RequestTooLarge", "InvalidPayload", "InvalidHeaders", "InvalidTimeout"])

export const counts = (facts: Facts, world: World): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  for (const { host, isClosed, role } of world.programs) {
    if (role !== "requester" || !isClosed || host.state === "dead") continue
    let counted = 0
    for (const { name, value } of host.readings()) if (name === "kafka_rr_requester_calls_total") counted += value
    let most = 0
    let least = 0
    for (const event of facts.events) {
      if (event.type !== "ended" || event.who !== host.name) continue
      most++
      if (!early.has(event.outcome)) least++
    }
    if (counted < least || counted > most) {
      const detail = `${host.name} counted ${counted} and ${most} ended`
      violations.push({ rule: "every outcome is counted once", detail, at: facts.events.at(-1)?.at ?? 0 })
    }
  }
  return violations
}

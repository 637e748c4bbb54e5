/**
 * P6: a member starts only what it owns, and what it owns without a break it starts once. P13: and nothing that it heard
 * was cancelled.
 */
import { type Facts, placeOf } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

interface Owner {
  readonly generation: number
  /** The generation since which each partition was owned without a break. */
  readonly since: ReadonlyMap<number, number>
}

const nobody: Owner = { generation: -1, since: new Map() }

const next = (before: Owner, generation: number, partitions: ReadonlyArray<number>): Owner => ({
  generation,
  since: new Map(
    partitions.map((partition) => {
      const since = before.generation === generation - 1 ? before.since.get(partition) : undefined
      return [partition, since ?? generation]
    })
  )
})

export const ownership = (facts: Facts): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  const owners = new Map<string, Owner>()
  const started = new Map<string, number>()
  const cancelled = new Set<string>()
  for (const event of facts.events) {
    const { at, who } = event
    if (event.type === "assigned") {
      owners.set(who, next(owners.get(who) ?? nobody, event.generation, event.partitions))
    } else if (event.type === "heard" && event.label.leg === "cancel") {
      cancelled.add(`${who} ${event.label.id}`)
    } else if (event.type === "run") {
      const owner = owners.get(who) ?? nobody
      const place = `${who} ${placeOf(event)}`
      const what = `run ${event.run} for ${event.call} (${placeOf(event)}) at ${who}`
      const since = owner.since.get(event.partition)
      // A preempted fiber may start after its partition has gone, or after it was told of a cancel.
      const isExact = facts.plan.settings.preemption === 0
      if (since === undefined && isExact) violations.push({ rule: "only what is owned is started", detail: what, at })
      const before = started.get(place)
      if (since !== undefined && before !== undefined && before >= since && !facts.replaced.has(event.partition)) {
        violations.push({ rule: "an ownership runs an offset once", detail: what, at })
      }
      started.set(place, owner.generation)
      if (isExact && cancelled.has(`${who} ${event.id}`)) {
        violations.push({ rule: "what was cancelled does not start", detail: what, at })
      }
    }
  }
  return violations
}

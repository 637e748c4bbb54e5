/**
 * P6: a batch that nobody can read is passed over with one dead letter, never in silence: it is told where requests are
 * told of, once.
 */
import type { Facts } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

const count = (counts: Map<string, number>, place: string): void => void counts.set(place, (counts.get(place) ?? 0) + 1)

export const damage = (facts: Facts): ReadonlyArray<Violation> => {
  if (facts.plan.settings.isWatched !== true) return []
  const buried = new Map<string, number>()
  const told = new Map<string, number>()
  for (const event of facts.events) {
    if (event.type === "buried") count(buried, `${event.partition}@${event.offset}`)
    if (event.type === "told" && event.outcome === "undecodable") count(told, `${event.partition}@${event.offset}`)
  }
  return facts.events.flatMap((event) => {
    if (event.type !== "damaged") return []
    const { at, first, partition } = event
    const place = `${partition}@${first}`
    const letters = buried.get(place) ?? 0
    const times = told.get(place) ?? 0
    return [
      ...(letters === 1 ? [] : [{ rule: "what cannot be read is kept once", detail: `${place}: ${letters}`, at }]),
      ...(times === 1 ? [] : [{ rule: "what cannot be read is told once", detail: `${place}: ${times}`, at }])
    ]
  })
}

/**
 * P6: what was committed, below the offset or in the done-set of its metadata, never runs again, whoever owns the
 * partition; and who gives a partition up in peace commits what is finished before it goes.
 */
import { decode } from "@kafka-request-reply/core/simulator/responder/internal/commitMetadata"
import { type Facts, placeOf } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

// What is announced to everybody before it happens, or concerns no owner.
const orderly: ReadonlySet<string> = new Set(["rebalance", "drain", "junk", "damage", "cut-off", "remake"])
const quickMillis = 30

const isQuick = ({ plan }: Facts): boolean =>
  plan.recordFaults.length === 0 &&
  plan.worldFaults.every(({ kind }) => orderly.has(kind)) &&
  plan.calls.every(
    ({ behaviour, millis, operation }) =>
      millis <= quickMillis &&
      behaviour !== "hang" &&
      behaviour !== "stuck" &&
      // Waits for a call of its own, which waits for its turn.
      operation !== "Relay"
  )

/** Where every change of owners is announced and every handler is quick, nothing that was answered runs again. */
const handedOver = (facts: Facts): ReadonlyArray<Violation> => {
  if (!isQuick(facts)) return []
  return [...facts.runs.values()].flatMap(({ start }) => {
    const { at, attempt, call, id, run, who } = start
    const isAnswered = (facts.replied.get(`${id}/${attempt}`) ?? Number.POSITIVE_INFINITY) < at
    const detail = `run ${run} at ${who} for ${call} (${placeOf(start)}), which is answered`
    return isAnswered ? [{ rule: "a rebalance repeats nothing", detail, at }] : []
  })
}

const committedOnce = (facts: Facts): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  /** In which generation each place was committed first. */
  const committed = new Map<string, number>()
  const reached = new Map<number, number>()
  const generations = new Map<string, number>()
  const note = (partition: number, from: number, to: number, generation: number): void => {
    for (let offset = from; offset < to; offset++) {
      const place = placeOf({ partition, offset })
      if (!committed.has(place)) committed.set(place, generation)
    }
  }
  for (const event of facts.events) {
    if (event.type === "assigned") generations.set(event.who, event.generation)
    else if ("partition" in event && facts.replaced.has(event.partition)) continue
    else if (event.type === "committed") {
      const { generation, metadata, offset, partition } = event
      const from = reached.get(partition) ?? 0
      note(partition, from, offset, generation)
      reached.set(partition, Math.max(from, offset))
      for (const run of decode(offset, metadata)) note(partition, run.from, run.to, generation)
    } else if (event.type === "run") {
      const place = placeOf(event)
      // Who does not know yet that its ownership is over cannot know what its successor has committed.
      if ((generations.get(event.who) ?? 0) < (committed.get(place) ?? Number.POSITIVE_INFINITY)) continue
      const { at, call, run, who } = event
      violations.push({
        rule: "finished work does not run again",
        detail: `run ${run} at ${who} for ${call} (${place})`,
        at
      })
    }
  }
  return violations
}

export const noRepeat = (facts: Facts): ReadonlyArray<Violation> => [...committedOnce(facts), ...handedOver(facts)]

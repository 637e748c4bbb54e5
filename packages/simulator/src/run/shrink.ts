/**
 * Makes a failing plan smaller as long as it breaks the same promise: faults and calls are left out, then what remains is
 * simplified.
 */
import type { Plan, PlannedCall } from "../plan/Plan.ts"

export interface Shrunk {
  readonly plan: Plan
  /** How many plans were tried. */
  readonly tries: number
}

const without = <A>(items: ReadonlyArray<A>, from: number, count: number): ReadonlyArray<A> =>
  items.filter((_, index) => index < from || index >= from + count)

/** Every plan with a part of one list left out, the largest parts first. */
function* shorter(plan: Plan): Generator<Plan> {
  const { calls, recordFaults, worldFaults } = plan
  for (let size = worldFaults.length; size >= 1; size >>= 1) {
    for (let at = 0; at < worldFaults.length; at += size) yield { ...plan, worldFaults: without(worldFaults, at, size) }
  }
  for (let size = recordFaults.length; size >= 1; size >>= 1) {
    for (let at = 0; at < recordFaults.length; at += size)
      yield { ...plan, recordFaults: without(recordFaults, at, size) }
  }
  for (let size = calls.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < calls.length; at += size) yield { ...plan, calls: without(calls, at, size) }
  }
}

const plainer = (call: PlannedCall): ReadonlyArray<Partial<PlannedCall>> => [
  ...(call.isScattered ? [{ isScattered: false }] : []),
  ...(call.isDiscard ? [{ isDiscard: false }] : []),
  ...(call.isThrowing ? [{ isThrowing: false }] : []),
  ...(call.isImpatient ? [{ isImpatient: false }] : []),
  ...(call.interruptAfter === undefined ? [] : [{ interruptAfter: undefined }]),
  ...(call.behaviour === "ok" ? [] : [{ behaviour: "ok" as const }]),
  ...(call.millis > 0 ? [{ millis: 0 }] : []),
  ...(call.timeoutMillis < 3_000 ? [{ timeoutMillis: 3_000 }] : [])
]

/** Every plan with one thing made ordinary. */
function* simpler(plan: Plan): Generator<Plan> {
  const { calls, settings } = plan
  const with_ = (changes: Partial<Plan["settings"]>): Plan => ({ ...plan, settings: { ...settings, ...changes } })
  if (settings.preemption > 0) yield with_({ preemption: 0 })
  if (settings.requesters > 1 && calls.every(({ requester }) => requester < settings.requesters - 1)) {
    yield with_({ requesters: settings.requesters - 1 })
  }
  if (settings.responders > 1) yield with_({ responders: settings.responders - 1 })
  if (settings.partitions > 1) yield with_({ partitions: 1 })
  if (settings.replyPartitions > 1) yield with_({ replyPartitions: 1 })
  if (settings.isCompacted) yield with_({ isCompacted: false })
  if (settings.leaders > 1) yield with_({ leaders: 1 })
  if (settings.maxWaitMillis !== undefined) yield with_({ maxWaitMillis: undefined })
  if (settings.maxTimeoutMillis < 300_000) yield with_({ maxTimeoutMillis: 300_000 })
  if (settings.dedupeEntries < 1_000) yield with_({ dedupeEntries: 1_000 })
  if (settings.skews.some((skew) => skew !== 0)) yield with_({ skews: settings.skews.map(() => 0) })
  for (const [index, call] of calls.entries()) {
    for (const change of plainer(call)) yield { ...plan, calls: calls.with(index, { ...call, ...change }) }
  }
}

/** Tries at most `limit` plans. `fails` runs one and says whether it still breaks the promise. */
export const shrink = (plan: Plan, fails: (plan: Plan) => boolean, limit = 400): Shrunk => {
  let best = plan
  let tries = 0
  const improve = (candidates: (plan: Plan) => Generator<Plan>): boolean => {
    for (const candidate of candidates(best)) {
      if (tries >= limit) return false
      tries++
      if (!fails(candidate)) continue
      best = candidate
      return true
    }
    return false
  }
  while (improve(shorter) || improve(simpler));
  return { plan: best, tries }
}

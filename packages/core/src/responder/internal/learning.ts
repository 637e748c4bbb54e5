/**
 * What the end of a run teaches: how long its operation takes, and how many runs do well together. A step of the machine.
 */
import type { Machine } from "./machine.ts"
import type { Ended, Run } from "./state.ts"

/** A run is over that has kept its place until now. */
export const learn = (
  machine: Machine,
  { began, hasPlace, isStarted, request, stop }: Run,
  result: Ended,
  at: number
) => {
  // What the middleware or a kept answer ended says nothing of the handler, and one that is forked is no measure.
  if (!isStarted || !hasPlace) return
  const { service } = request.load
  const millis = at - began
  if (result._tag === "Answered") service.ended(millis)
  else if (stop === "expired" || stop === "cancelled") service.stopped(millis)
  const learned = machine.limit.ended(millis, service.best, at)
  if (learned === "same") return
  machine.schedule.limit = machine.limit.value
  if (learned === "rebase") for (const load of machine.loads.values()) load.service.rebase()
}

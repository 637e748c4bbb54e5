/**
 * The step of the timer: what is due by now, and when something is due next.
 */
import { rejected } from "./answer.ts"
import type { Machine } from "./machine.ts"
import { waitingDue } from "./overload.ts"
import { isFullOfReplies, stop, stopIfUnwanted } from "./runs.ts"
import { paid, settle } from "./settle.ts"
import type { Request, Run, TakenRecord } from "./state.ts"

// An interrupted handler ends within moments, its finalizers included; one that runs on for longer does not end for it.
const overdueMillis = 1_000

// How long a reply is kept in any case when others need its room: as long as a leader takes to move.
const patienceMillis = 5_000

// One that is written and not answered yet tells nothing before the driver gives it up.
const lookMillis = 1_000

const ranOut = rejected("expired", "its time was up while it ran")

/** When the request is overdue. One that is waits no longer: a run may go on for ever, unless nobody waits for it. */
const overdueAt = (machine: Machine, request: Request, at: number): number => {
  if (request.replyBy > at) return request.replyBy
  const run = settle(machine, request, ranOut, [], at)
  if (run !== undefined) stopIfUnwanted(machine, run)
  return Number.POSITIVE_INFINITY
}

/** When to look at a run again. */
const runDue = (machine: Machine, run: Run, at: number): number => {
  let next = Number.POSITIVE_INFINITY
  if (run.at > at) next = run.at
  else {
    stop(machine, run, "expired")
    if (at < run.at + overdueMillis) next = run.at + overdueMillis
    else if (!run.isOverdue) {
      run.isOverdue = true
      machine.overdue++
      machine.commands.add("overdue", run)
    }
  }
  const { joined, request } = run
  if (request.run === run) next = Math.min(next, overdueAt(machine, request, at))
  for (let waiter = joined?.oldest; waiter !== undefined;) {
    const { newer } = waiter
    next = Math.min(next, overdueAt(machine, waiter, at))
    waiter = newer
  }
  return next
}

/** The replies that have been refused for so long among what is open, and when to look again. */
export const unanswerableAmong = (
  open: Iterable<TakenRecord>,
  at: number
): { readonly stuck: ReadonlyArray<TakenRecord>; readonly lookAt: number } => {
  const stuck: Array<TakenRecord> = []
  let lookAt = Number.POSITIVE_INFINITY
  for (const taken of open) {
    if (taken.reply === undefined || taken.reply.abandoned) continue
    const dueAt = taken.repliedAt + patienceMillis
    if (dueAt > at) lookAt = Math.min(lookAt, dueAt)
    else if (taken.reply.lastError === undefined) lookAt = Math.min(lookAt, at + lookMillis)
    else stuck.push(taken)
  }
  return { stuck, lookAt }
}

/** The open records that take the room of what waits in this partition. */
const inTheWayOf = ({ ownership, settings }: Machine, partition: number, offset: number): Iterable<TakenRecord> => {
  if (ownership.openBytes > settings.options.maxOpenBytes / 2) return ownership.allOpen()
  return ownership.ledgerOf(partition)?.canTake(offset) === false ? ownership.openOf(partition) : []
}

/** Gives up those of the open records' replies that cannot be written. Returns when to look again. */
const giveUpAmong = (machine: Machine, open: Iterable<TakenRecord>, at: number): number => {
  const { lookAt, stuck } = unanswerableAmong(open, at)
  for (const taken of stuck) {
    // Its caller hears nothing; what the publisher still does with it is nobody's business any more.
    taken.reply!.abandoned = true
    machine.commands.add("abandoned", taken)
    paid(machine, taken)
  }
  return lookAt
}

/** Gives up replies that cannot be written where there is no room for records, or for other replies, because of them. */
const capacityDue = (machine: Machine, at: number): number => {
  let next = Number.POSITIVE_INFINITY
  for (const [partition, offset] of machine.full) {
    next = Math.min(next, giveUpAmong(machine, inTheWayOf(machine, partition, offset), at))
  }
  const isWaitedFor = machine.schedule.waiting > 0 && isFullOfReplies(machine)
  return isWaitedFor ? Math.min(next, giveUpAmong(machine, machine.ownership.allOpen(), at)) : next
}

/** Does what is due; returns when something is due next, infinite when nothing is. */
export const tick = (machine: Machine, at: number): number => {
  machine.dueAt = Number.POSITIVE_INFINITY
  let next = capacityDue(machine, at)
  for (const run of machine.runs) next = Math.min(next, runDue(machine, run, at))
  next = Math.min(next, waitingDue(machine, at))
  machine.calls.forgetUntil(at)
  machine.wakeBy(next)
  return next
}

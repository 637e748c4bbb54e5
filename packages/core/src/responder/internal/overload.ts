/**
 * What is refused when there is more work than can be done, so that what is begun ends in time and what cannot be done is
 * told early. Steps of the machine.
 */
import { type Answer, rejected } from "./answer.ts"
import type { Machine } from "./machine.ts"
import { settle } from "./settle.ts"
import type { Request } from "./state.ts"

const tooLate = rejected("expired", "its time was up before its turn came")

// While requests are refused because their time runs out, nothing waits for longer than this share of its time.
const patience = 1 / 2

// Where there is no room for the next record either, no longer than this.
const patienceWhenFull = 1 / 8

const waitedMillis = ({ appendedAt }: Request, at: number): number => Math.round(at - appendedAt)

/** When a request has used this share of its time. */
const usedAt = ({ appendedAt, runBy }: Request, share: number): number => appendedAt + (runBy - appendedAt) * share

/** When a request that still waits is refused: it could not end any more, or it waited as long as it may. */
export const refusedAt = (machine: Machine, request: Request): number => {
  const { appendedAt, load, queue, runBy } = request
  const by = Math.min(runBy - load.service.least, appendedAt + load.maxWait)
  // Who waits for more than a place does not show that there are too few.
  return queue === undefined || !machine.overload.isOn ? by : Math.min(by, usedAt(request, patience))
}

const overloaded = (machine: Machine, what: string): Answer =>
  rejected("overloaded", what, machine.settings.times.retryAfter)

/** What a request is told that has waited long enough. */
export const refusalOf = (machine: Machine, request: Request, at: number): Answer => {
  if (at >= request.runBy) return tooLate
  const waited = `it waited ${waitedMillis(request, at)} ms for its turn`
  if (at >= request.appendedAt + request.load.maxWait) return overloaded(machine, waited)
  return overloaded(
    machine,
    `${waited}, and would hardly end in the ${Math.round(request.runBy - at)} ms that are left`
  )
}

/** Why a request whose turn has come does not run after all. With a place that nobody else wants any chance is taken. */
export const refusalAtTurn = (machine: Machine, request: Request, at: number): Answer | undefined => {
  const { appendedAt, load, runBy } = request
  if (at >= runBy || at >= appendedAt + load.maxWait) return refusalOf(machine, request, at)
  if (runBy - at >= load.service.most || !machine.schedule.isContended(request)) return undefined
  machine.overload.missed(at)
  return refusalOf(machine, request, at)
}

/** Refuses those who waited long enough, and says when the next has. */
export const waitingDue = (machine: Machine, at: number): number => {
  machine.overload.look(at)
  let next = machine.overload.isOn && machine.schedule.waiting > 0 ? machine.overload.until : Number.POSITIVE_INFINITY
  const due: Array<Request> = []
  const last = machine.overload.isOn && machine.full.size > 0 ? machine.schedule.lastReady : undefined
  if (last !== undefined) next = Math.max(at + 1, Math.min(next, usedAt(last, patienceWhenFull)))
  for (const request of machine.schedule.queued()) {
    const dueAt = refusedAt(machine, request)
    if (dueAt <= at) due.push(request)
    else next = Math.min(next, dueAt)
  }
  for (const request of due) {
    if (request.queue !== undefined && at >= request.runBy - request.load.service.least) machine.overload.missed(at)
    settle(machine, request, refusalOf(machine, request, at), [], at)
  }
  return next
}

/** Who gives up its room for a record that has none, if anybody has to. */
const yielding = ({ overload, schedule, settings: { options } }: Machine, at: number): Request | undefined => {
  const { maxWaiting } = options
  // Most of them could not start with all places free: they are in the way of those who could.
  if (schedule.waiting - schedule.ready > maxWaiting / 2) return schedule.crowding
  const last = schedule.lastReady
  if (last === undefined) return undefined
  // Who takes more than its share of the places is not to take the room of others too.
  if (options.fairShares !== undefined) return last
  overload.look(at)
  return overload.isOn && at >= usedAt(last, patienceWhenFull) ? last : undefined
}

/** Whether somebody would give up its room for the next record. */
export const hasWay = (machine: Machine, at: number): boolean => yielding(machine, at) !== undefined

/** Makes room for one more request among those that wait. False when fetching has to pause. */
export const makeWay = (machine: Machine, at: number): boolean => {
  const last = yielding(machine, at)
  if (last === undefined) return false
  const waited = `it waited ${waitedMillis(last, at)} ms for its turn`
  const { schedule } = machine
  const what = last.queue === undefined ? "many more behind the same key" : `${schedule.waiting} requests wait`
  machine.overload.missed(at)
  settle(machine, last, overloaded(machine, `${waited}, and ${what}`), [], at)
  return true
}

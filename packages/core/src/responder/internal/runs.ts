/**
 * Steps about runs: who gets one, and how one ends for all that wait for it. Who joins one is in `claims.ts`.
 */
import * as Duration from "effect/Duration"
import { invariant } from "../../host/Invariant.ts"
import { type Answer, interrupted, rejected } from "./answer.ts"
import type { KeyLimits } from "./keptAnswers.ts"
import { learn } from "./learning.ts"
import type { Machine } from "./machine.ts"
import { refusalAtTurn, refusedAt } from "./overload.ts"
import { accept, leave, settle } from "./settle.ts"
import { type Ended, KeptAnswer, type Request, Run, type Stop } from "./state.ts"

const ranOut = rejected("expired", "its time was up while it ran")

/** Starts a run for a request whose turn has come, or that needs none. */
export const begin = (machine: Machine, request: Request, hasPlace: boolean, at: number): void => {
  const started = new Run(request, at, hasPlace, machine.settings.times.maxTimeout)
  request.state = "executing"
  request.run = started
  machine.runs.add(started)
  machine.wakeBy(started.at)
  machine.commands.add("start", started)
}

// How soon to look whether a lease that ran out was renewed, or replies that nobody takes can be given up.
const lookMillis = 50

/** Whether replies on their way have all the room: what ends now would add to them. */
export const isFullOfReplies = ({ ownership, settings }: Machine): boolean =>
  ownership.replyBytes >= settings.options.maxOpenBytes

/**
 * Gives turns as long as there are places, and as long as the partitions are certainly this instance's: after a freeze or a
 * cut from the coordinator another one may run the same requests already. While replies that are not taken fill the memory
 * nobody gets one.
 */
export const startNext = (machine: Machine, at: number): void => {
  const { schedule } = machine
  if (at >= machine.leaseUntil || isFullOfReplies(machine)) {
    if (schedule.waiting > 0) machine.wakeBy(at + lookMillis)
    return
  }
  for (let next = schedule.take(at); next !== undefined; next = schedule.take(at)) {
    const refusal = refusalAtTurn(machine, next, at)
    if (refusal === undefined) begin(machine, next, true, at)
    else {
      next.state = "executing"
      settle(machine, next, refusal, [], at)
      schedule.finished(next, at)
    }
  }
  if (schedule.ready > 0) machine.limit.full()
}

/** Gives a request that has no run any more another turn. */
const again = (machine: Machine, request: Request, at: number): void => {
  request.run = undefined
  request.state = "executing"
  if (machine.isHeld) return leave(machine, request)
  request.state = "waiting"
  // It came before all that wait behind its key.
  machine.schedule.offerFirst(request, at)
  machine.wakeBy(refusedAt(machine, request))
}

/** Interrupts a run, once. */
export const stop = (machine: Machine, one: Run, why: Stop): void => {
  if (one.stop !== undefined) return
  one.stop = why
  machine.commands.add("interrupt", one)
}

/** Interrupts a run whose last waiter has gone. */
export const stopIfUnwanted = (machine: Machine, one: Run): void => {
  if (one.request.state === "executing" && one.request.run === one) return
  if (one.joined?.oldest === undefined) stop(machine, one, "cancelled")
}

const freePlace = (machine: Machine, one: Run, at: number): void => {
  if (!one.hasPlace) return
  one.hasPlace = false
  machine.schedule.finished(one.request, at)
  invariant(machine.schedule.running >= 0, "a place is given back once")
}

/** The handler starts. One that is forked wants no part in the limits: its place is free at once. */
export const started = (machine: Machine, one: Run, isForked: boolean, at: number): void => {
  one.isStarted = true
  if (!one.request.isSettled && one.request.run === one) accept(machine, one.request)
  if (!isForked) return
  freePlace(machine, one, at)
  startNext(machine, at)
}

/** Whether a run was stopped for a reason that does not concern this waiter. */
const isForAnother = ({ stop }: Run, waiter: Request, at: number): boolean =>
  stop === "cancelled" || (stop === "expired" && waiter.runBy > at)

const answerOf = ({ stop }: Run, result: Ended): Answer | undefined => {
  if (result._tag === "Answered") return result.answer
  if (stop === "expired") return ranOut
  return stop === undefined ? interrupted : undefined
}

const limitsOf = ({ settings: { options, times } }: Machine, { procedure }: Request): KeyLimits => {
  const { dedupeAge, dedupeEntries } = procedure.operation
  return {
    entries: dedupeEntries ?? options.dedupeEntries,
    ageMillis: dedupeAge === undefined ? times.dedupeAge : Duration.toMillis(dedupeAge)
  }
}

const keep = (machine: Machine, one: Run, result: Ended, at: number): KeptAnswer | undefined => {
  if (result._tag !== "Answered" || !result.isKept || one.claim === undefined) return undefined
  const { request } = one
  const { tag } = request.procedure.operation
  const kept = new KeptAnswer(one.claim, tag, one.fingerprint!, result.answer, result.headers)
  machine.evicted += machine.answersOf(request.procedure).keep(kept, limitsOf(machine, request), at)
  return kept
}

/** Gives a waiter what the run has for it. False when it needs a turn of its own. */
const tell = (
  machine: Machine,
  one: Run,
  waiter: Request,
  result: Ended,
  kept: KeptAnswer | undefined,
  at: number
): boolean => {
  if (result._tag === "Stopped" && one.stop === "draining") {
    leave(machine, waiter)
    return true
  }
  if (result._tag === "Stopped" && isForAnother(one, waiter, at)) return false
  if (kept !== undefined) {
    kept.pins++
    waiter.kept = kept
  }
  const joined = settle(machine, waiter, answerOf(one, result), result._tag === "Answered" ? result.headers : [], at)
  // Its middleware has refused it after it had joined another run, which may have gone on for it alone.
  if (joined !== undefined && joined !== one) stopIfUnwanted(machine, joined)
  return true
}

/** A run is over: for its request and for all that joined it. */
export const ended = (machine: Machine, one: Run, result: Ended, at: number): void => {
  invariant(machine.runs.delete(one), "a run ends once")
  if (one.isOverdue) machine.overdue--
  learn(machine, one, result, at)
  const { claim: id, hint, request } = one
  if (id !== undefined) machine.claims.release(id)
  if (hint !== undefined) machine.claims.release(hint)
  if (result._tag === "Passed") {
    freePlace(machine, one, at)
    if (one.needsTurn && request.run === one) again(machine, request, at)
    return
  }
  const kept = keep(machine, one, result, at)
  let untold: Array<Request> | undefined
  if (!request.isSettled && !tell(machine, one, request, result, kept, at)) untold = [request]
  for (let waiter = one.takeJoined(); waiter !== undefined; waiter = one.takeJoined()) {
    waiter.state = "executing"
    if (!tell(machine, one, waiter, result, kept, at)) (untold ??= []).push(waiter)
  }
  // Before the key is free, and the last of them first: they keep their order, before what waits behind the key.
  if (untold !== undefined) for (const waiter of untold.toReversed()) again(machine, waiter, at)
  freePlace(machine, one, at)
  if (kept !== undefined) kept.pins--
}

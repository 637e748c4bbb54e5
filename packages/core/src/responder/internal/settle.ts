/**
 * How requests end: with an outcome, or left to whoever owns their partition next. Steps of the machine.
 */
import { invariant } from "../../host/Invariant.ts"
import type { RecordHeaders } from "../../wire/RecordHeaders.ts"
import { accepted, type Answer, labelOf } from "./answer.ts"
import type { CallEntry } from "./calls.ts"
import type { Machine } from "./machine.ts"
import { sizeOfHeaders } from "./memory.ts"
import { Request, type Run, type TakenRecord } from "./state.ts"

const none: RecordHeaders = []

/** Forgets a record; `isDone` says whether its offset may be committed. */
export const close = (machine: Machine, taken: TakenRecord, isDone: boolean): void => {
  if (taken.isClosed) return
  machine.ownership.close(taken, isDone)
  if (isDone) machine.hasProgress = true
  if (!(taken instanceof Request)) return
  if (taken.decided !== undefined) machine.calls.closed(taken.decided)
  taken.decided = undefined
  if (taken.kept === undefined) return
  taken.kept.pins--
  invariant(taken.kept.pins >= 0, "a kept answer is unpinned as often as it was pinned")
  taken.kept = undefined
}

/** One thing less has to happen before the record's offset is done. */
export const paid = (machine: Machine, taken: TakenRecord): void => {
  if (taken.isClosed) return
  taken.owed--
  invariant(taken.owed >= 0, "what a record owes is paid once")
  if (taken.owed === 0) close(machine, taken, true)
}

/** Takes a request out of where it stands: its lane, or those who joined a run. */
const detach = (machine: Machine, request: Request, at: number): Run | undefined => {
  const { run } = request
  if (request.state === "waiting") machine.schedule.leave(request, at)
  else if (request.state === "joined") run!.joined!.remove(request)
  else if (request.state === "following") {
    request.call!.followers!.remove(request)
    request.call = undefined
  }
  request.run = undefined
  request.state = "settled"
  return run
}

/** The attempt is over: those who follow it, and now share what became of it. */
const followersOf = (call: CallEntry, request: Request): ReadonlyArray<Request> => {
  invariant(call.request === request, "an attempt is decided by its first record")
  request.call = undefined
  const followers = call.takeFollowers()
  for (const follower of followers) {
    follower.state = "settled"
    follower.call = undefined
  }
  return followers
}

/** Another record of an attempt that is over: it is told the same, where the first was told it, and nothing is run. */
export const repeat = (
  machine: Machine,
  request: Request,
  { replyTo }: CallEntry,
  answer: Answer | undefined,
  headers: RecordHeaders
): void => {
  const isSameReader = replyTo.topic === request.replyTo.topic && replyTo.partition === request.replyTo.partition
  if (answer === undefined || !isSameReader) return close(machine, request, true)
  write(machine, request, answer, headers)
}

const write = (machine: Machine, request: Request, answer: Answer, headers: RecordHeaders): void => {
  machine.ownership.weigh(request, answer.body.byteLength + sizeOfHeaders(headers))
  machine.commands.add("reply", request, { addressee: request, answer, headers })
}

/**
 * The one way a request gets its outcome; `undefined` when nobody is to be told. Returns the run it was part of, whose end
 * may be nobody's concern any more.
 */
export const settle = (
  machine: Machine,
  request: Request,
  answer: Answer | undefined,
  headers: RecordHeaders,
  at: number
): Run | undefined => {
  if (request.isSettled) return undefined
  const run = detach(machine, request, at)
  // Its caller knows that it has started, and asked for no more.
  const told = request.isAccepted ? accepted : answer
  const { call } = request
  if (call !== undefined) {
    for (const follower of followersOf(call, request)) repeat(machine, follower, call, told, headers)
    // What is kept already is not kept twice; who wants no outcome is told of none.
    const again = request.isAccepted ? told : (request.kept?.reply ?? told)
    if (machine.calls.settled(call, again, headers)) request.decided = call
  }
  const outcome = answer === undefined ? "cancelled" : labelOf(answer)
  machine.commands.add("ended", request, outcome, at - request.takenAt)
  if (answer === undefined) close(machine, request, true)
  else if (request.isAccepted) paid(machine, request)
  else write(machine, request, answer, headers)
  return run
}

/** Tells a caller that wants no outcome that its request has started. */
export const accept = (machine: Machine, request: Request): void => {
  if (!request.envelope.isDiscard || request.isAccepted || request.isSettled) return
  request.isAccepted = true
  request.owed++
  machine.commands.add("reply", request, { addressee: request, answer: accepted, headers: none })
}

/** Whoever owns its partition next answers. */
export const leave = (machine: Machine, request: Request): void => {
  if (!request.isSettled) {
    // All that wait leave together: nobody comes to a turn by it.
    detach(machine, request, request.takenAt)
    const { call } = request
    if (call !== undefined) {
      for (const follower of followersOf(call, request)) close(machine, follower, false)
      machine.calls.left(call)
    }
  }
  close(machine, request, false)
}

/**
 * How a record becomes a request of the machine, or is refused: known already, joining a run, or waiting for its turn. Steps
 * of the machine.
 */
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import { type Admission, admissionOf } from "./admission.ts"
import { AgeOrder } from "./ageOrder.ts"
import { endlessWaitOf } from "./ancestry.ts"
import { labelOf, rejected } from "./answer.ts"
import { fingerprintOfBytes } from "./fingerprint.ts"
import type { Machine } from "./machine.ts"
import { claimOf, joinable } from "./claims.ts"
import { makeWay, refusedAt } from "./overload.ts"
import { begin, startNext } from "./runs.ts"
import { close, repeat, settle } from "./settle.ts"
import { shareOf } from "./shareOf.ts"
import { Request, TakenRecord } from "./state.ts"

// How long a refusal may take to be written; the record may have no legible deadline. As long as a leader takes to move.
export const refusalPatienceMillis = 5_000

/** Takes a record that was not taken before. */
export const admit = (machine: Machine, record: ConsumedRecord, epoch: number, at: number, wall: number): void => {
  const { clockSkew, maxTimeout } = machine.settings.times
  const { options, procedures } = machine.settings
  const admission = admissionOf(record, { options, clockSkewMillis: clockSkew, procedures }, wall)
  if (admission._tag === "Cancel") {
    machine.ownership.ledgerOf(record.partition)!.done(record.offset)
    machine.hasProgress = true
    return
  }
  if (admission._tag === "Refuse") {
    const taken = new TakenRecord(record, epoch, at + refusalPatienceMillis)
    take(machine, taken)
    return refuse(machine, taken, admission)
  }
  const { envelope, procedure, replyTo } = admission
  const appendedAt = at - machine.ageOf(record, at, wall)
  const replyBy = at + Math.min(maxTimeout, envelope.deadline - wall) + clockSkew
  // Its caller began to wait when it was made; what it waited in the topic is gone.
  const runBy = Math.min(replyBy, appendedAt + Math.min(maxTimeout, envelope.timeout))
  const knownUntil = at + envelope.deadline - wall + clockSkew
  const load = machine.loads.get(procedure)!
  const request = new Request(
    record,
    epoch,
    envelope,
    replyTo,
    procedure,
    load,
    at,
    appendedAt,
    runBy,
    replyBy,
    knownUntil
  )
  if (options.fairShares !== undefined) request.share = shareOf(options.fairShares, envelope, request.laneKey)
  take(machine, request)
  enter(machine, request, at)
}

/** Notes that a record is taken. */
export const take = (machine: Machine, taken: TakenRecord): void => {
  machine.ownership.add(taken)
  machine.fresh.push(taken)
}

/** Refuses a record that was taken: tells who can be told, and keeps a dead letter. */
export const refuse = (
  machine: Machine,
  taken: TakenRecord,
  { attempt, kind, operation, reason, reply }: Extract<Admission, { readonly _tag: "Refuse" }>,
  count = 1
): void => {
  const { commands } = machine
  const outcome = reply === undefined ? undefined : labelOf(reply.answer)
  commands.add("refused", taken.record, { kind, reason, outcome, operation, attempt, count })
  const isDeadLetter = machine.settings.hasDeadLetters && kind !== "expired"
  taken.owed = (reply === undefined ? 0 : 1) + (isDeadLetter ? 1 : 0)
  if (isDeadLetter) commands.add("deadLetter", taken, reason)
  if (reply !== undefined) commands.add("reply", taken, { ...reply, headers: [] })
  if (taken.owed === 0) close(machine, taken, true)
}

const otherPayload = rejected(
  "key-conflict",
  "its correlation id was used before with another payload; every call needs an id of its own"
)

/** Whether another record of this attempt has decided about it, or another payload came under its id. */
const isRepeated = (machine: Machine, request: Request, fingerprint: string, at: number): boolean => {
  const { calls, commands } = machine
  const known = calls.get(request.id)
  for (let other = known; other !== undefined; other = other.other) {
    const isSame = other.operation === request.envelope.operation && other.fingerprint === fingerprint
    if (isSame) continue
    commands.add("repeated", "conflict")
    request.state = "executing"
    settle(machine, request, otherPayload, [], at)
    return true
  }
  const same = known === undefined ? undefined : calls.attempt(request.id, request.attempt)
  if (same === undefined) return false
  commands.add("repeated", "repeated")
  if (same.request === undefined) {
    request.state = "settled"
    repeat(machine, request, same, same.answer, same.headers)
    return true
  }
  request.state = "following"
  request.call = same
  same.followers ??= new AgeOrder()
  same.followers.add(request)
  return true
}

/** A request comes in: known already, refused, joining a run, or waiting for its turn. */
const enter = (machine: Machine, request: Request, at: number): void => {
  const { schedule } = machine
  const { maxWaiting, maxWaitingPerKey } = machine.settings.options
  const { isSafe } = request.procedure.operation
  const fingerprint = isSafe ? undefined : fingerprintOfBytes(request.record.value)
  if (fingerprint !== undefined && isRepeated(machine, request, fingerprint, at)) return
  machine.calls.add(request, fingerprint)
  request.state = "executing"
  if (machine.cancelled.has(request.id, at)) return void settle(machine, request, undefined, [], at)
  const endless = endlessWaitOf(machine, request)
  if (endless !== undefined) return void settle(machine, request, endless, [], at)
  // The answer of a run that is going on is this one's answer too: no need to wait for a turn.
  if (!isSafe && machine.claims.size > 0 && joinable(machine, claimOf(request), at) !== undefined) {
    return begin(machine, request, false, at)
  }
  const behind = request.laneKey === undefined ? 0 : schedule.waitingFor(request.laneKey)
  if (behind >= maxWaitingPerKey) {
    const what = `${behind} requests wait behind its key already`
    return void settle(machine, request, rejected("overloaded", what, machine.settings.times.retryAfter), [], at)
  }
  if (schedule.isBlocked(request) && schedule.waiting >= maxWaiting && !makeWay(machine, at)) {
    const what = `its key or its operation is busy, and ${schedule.waiting} requests wait`
    return void settle(machine, request, rejected("overloaded", what, machine.settings.times.retryAfter), [], at)
  }
  request.state = "waiting"
  schedule.offer(request, at)
  machine.wakeBy(refusedAt(machine, request))
  startNext(machine, at)
}

/**
 * Steps about what a run claims when its handler's turn has come: a key or a call that others can join, the answer of one
 * that has ended, or nothing, since another has it already.
 */
import { AgeOrder } from "./ageOrder.ts"
import { isAncestor, waitsForItself } from "./ancestry.ts"
import { type Answer, rejected } from "./answer.ts"
import * as IdempotencyKey from "../../wire/IdempotencyKey.ts"
import type { Machine } from "./machine.ts"
import { begin } from "./runs.ts"
import { accept } from "./settle.ts"
import type { KeptAnswer, Request, Run } from "./state.ts"

/** What a run is to do when the turn of its handler has come. */
export type Claimed =
  | { readonly _tag: "Run" }
  /** Give this answer again. */
  | { readonly _tag: "Replay"; readonly kept: KeptAnswer }
  /** Answer so instead of running. */
  | { readonly _tag: "Refuse"; readonly answer: Answer }
  /** Nothing: its request is answered by another run, gets another turn, or needs no answer. */
  | { readonly _tag: "Pass" }
  /** Nothing: it was stopped before. */
  | { readonly _tag: "Stop" }

const run: Claimed = { _tag: "Run" }
const pass: Claimed = { _tag: "Pass" }
const stopped: Claimed = { _tag: "Stop" }

const conflict = rejected(
  "key-conflict",
  "its key was used before with another payload; use a new key, or send the same payload"
)

/** What a request can be joined by: its key, as far as its headers tell when none is given, or its call. */
export const claimOf = (
  { envelope, id, procedure }: Request,
  key: string | undefined = envelope.key,
  isKeyed: boolean = procedure.operation.hasPrimaryKey && key !== undefined
): string =>
  isKeyed
    ? // With the length of the operation's name: both parts may contain anything.
      `k${envelope.operation.length} ${envelope.operation}${IdempotencyKey.onWire(key!)}`
    : `c ${envelope.operation} ${id}`

/** Those who wait behind the key of a run that has just claimed what they are about join it: they need no turn. */
const gather = (machine: Machine, { request: { laneKey } }: Run, id: string, at: number): void => {
  if (laneKey === undefined || machine.schedule.waitingFor(laneKey) === 0) return
  const same: Array<Request> = []
  for (const other of machine.schedule.behind(laneKey)) if (claimOf(other) === id) same.push(other)
  for (const other of same) {
    machine.schedule.leave(other, at)
    begin(machine, other, false, at)
  }
}

/** The run that a request with this claim can join now. */
export const joinable = (machine: Machine, claim: string, at: number): Run | undefined => {
  const owner = machine.claims.get(claim)
  return owner?.isJoinable(at) === true ? owner : undefined
}

const join = (machine: Machine, owner: Run, request: Request, at: number): Claimed => {
  request.state = "joined"
  request.run = owner
  owner.joined ??= new AgeOrder()
  owner.joined.add(request)
  // A run past its first deadline gets no more time: who comes later waits for its end, and runs anew if it fails.
  if (owner.isJoinable(at)) owner.extend(request.runBy)
  machine.wakeBy(request.replyBy)
  machine.commands.add("repeated", "joined")
  accept(machine, request)
  return pass
}

/** With the length of the identity: both parts may contain anything. */
const identified = (identity: string | undefined, by: string): string =>
  identity === undefined ? by : `i${identity.length} ${identity}${by}`

/**
 * What a run may do for its request, which is known by this claim (as its headers tell it, and by whom it is made) and
 * fingerprint. Asked where its handler would start.
 */
export const claim = (
  machine: Machine,
  one: Run,
  by: string,
  fingerprint: string,
  at: number,
  identity?: string
): Claimed => {
  const { request } = one
  const id = identified(identity, by)
  // Its schema or middleware may have taken its time.
  if (one.stop !== undefined) return stopped
  // Middleware may run what it wraps more than once, and those who joined wait for it though its own caller has gone.
  if (one.claim === id) return run
  // Its request has its outcome, or is another run's already.
  if (request.isSettled || request.run !== one) return pass
  const owner = machine.claims.get(id)
  const kept = owner === undefined ? machine.answersOf(request.procedure).find(id, at) : undefined
  const known = owner ?? kept
  if (known !== undefined && !known.isFor(fingerprint)) {
    machine.commands.add("repeated", "conflict")
    return { _tag: "Refuse", answer: conflict }
  }
  if (owner !== undefined) {
    if (isAncestor(owner, request.envelope.via)) {
      return { _tag: "Refuse", answer: waitsForItself(request, owner, "the answer of") }
    }
    return join(machine, owner, request, at)
  }
  if (kept !== undefined) {
    machine.commands.add("repeated", "replayed")
    if (request.kept !== kept) kept.pins++
    request.kept = kept
    // Who wants no outcome is told no more than the first time.
    accept(machine, request)
    return { _tag: "Replay", kept }
  }
  // The run it was to join has ended, or its key is not the one that the headers named.
  if (!one.hasPlace) {
    one.needsTurn = true
    return pass
  }
  one.claim = id
  one.fingerprint = fingerprint
  machine.claims.hold(id, one)
  // Found by what headers tell, it may turn out to be another caller's: then who wanted to join it gets a turn.
  if (id !== by && machine.claims.get(by) === undefined) {
    one.hint = by
    machine.claims.hold(by, one)
  }
  if (request.procedure.operation.hasPrimaryKey) gather(machine, one, by, at)
  return run
}

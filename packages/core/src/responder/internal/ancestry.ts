/**
 * Requests that were made by handlers: whether one waits for the very run that waits for it, which could only end by a
 * timeout.
 *
 * A request names the calls whose handlers wait for it, each by a short digest of its correlation id.
 */
import { viaOf } from "../../contract/CallAncestry.ts"
import * as CorrelationId from "../../wire/CorrelationId.ts"
import { type Answer, rejected } from "./answer.ts"
import type { Machine } from "./machine.ts"
import type { Request, Run } from "./state.ts"

/** An operation and its call, in words. */
export const called = ({ envelope }: Request): string =>
  `${envelope.operation} (call ${CorrelationId.toHex(envelope.correlationId)})`

/** Whether the call whose handler a run is, is among the ancestors. */
export const isAncestor = ({ request }: Run, via: ReadonlyArray<string>): boolean =>
  via.length > 0 && via.includes(viaOf(request.correlationId))

/** The answer to a request that could only wait for its own ancestor. */
export const waitsForItself = (request: Request, owner: Run, what: string): Answer =>
  rejected(
    "circular-wait",
    `it would wait for ${what} ${called(owner.request)}, whose handler waits for this ${called(request)}: ` +
      "call another key, or do not wait inside the handler"
  )

/** Ancestors may be all that the operation is allowed to run: then none of them ends before this one. */
const behindItsOperation = (machine: Machine, request: Request): Answer | undefined => {
  const { via } = request.envelope
  let owner: Run | undefined
  let ancestors = 0
  for (const one of machine.runs) {
    if (!one.hasPlace || one.request.gate !== request.gate || !isAncestor(one, via)) continue
    ancestors++
    owner = one
  }
  return owner === undefined || ancestors < request.gate!.through
    ? undefined
    : waitsForItself(request, owner, "a place of the operation (Contract.Concurrency) beside")
}

/**
 * Why a request that was made by a handler could never get its turn: an ancestor has its key, or ancestors of those who
 * wait have all the places.
 */
export const endlessWaitOf = (machine: Machine, request: Request): Answer | undefined => {
  const { via } = request.envelope
  const { laneKey } = request
  if (via.length === 0) return undefined
  const holder = laneKey === undefined ? undefined : machine.schedule.holderOf(laneKey)
  if (holder?.run !== undefined && isAncestor(holder.run, via)) {
    return waitsForItself(request, holder.run, `the record key (${JSON.stringify(laneKey)}) of`)
  }
  const behind = request.gate?.isOpen === false ? behindItsOperation(machine, request) : undefined
  if (behind !== undefined || machine.schedule.hasPlace) return behind
  const waiting = new Set(via)
  for (const other of machine.schedule.queued()) for (const one of other.envelope.via) waiting.add(one)
  let owner: Run | undefined
  for (const one of machine.runs) {
    if (!one.hasPlace) continue
    if (!waiting.has(viaOf(one.request.correlationId))) return undefined
    if (via.includes(viaOf(one.request.correlationId))) owner = one
  }
  return owner === undefined ? undefined : waitsForItself(request, owner, "a place (concurrency) beside")
}

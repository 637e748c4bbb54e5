/**
 * The steps of the machine: one function for each event. A step changes the state and appends commands; it calls nothing
 * foreign and never waits. `advance` ends a turn.
 *
 *   assigned, revoking   from the group          written, refused   from the publisher, a batch at once
 *   records              from the fetcher        cancelled          from the control topic
 *   claim, started       from a run's fiber      ended              from a run's fiber (`runs.ts`)
 *   tick                 from the timer (`deadlines.ts`)
 */
import type { ConsumedRecord, UndecodableBatch } from "../../kafka/KafkaRecord.ts"
import type { AssignedPartition } from "../../kafka/Transport.ts"
import { admit, refusalPatienceMillis, refuse, take } from "./admit.ts"
import type { Machine } from "./machine.ts"
import { hasWay, makeWay } from "./overload.ts"
import { startNext, stop, stopIfUnwanted } from "./runs.ts"
import { close, leave, paid, settle } from "./settle.ts"
import { standInOf } from "./undecodable.ts"
import { type Run, type Stoppable, TakenRecord } from "./state.ts"

// --- the group ---

/** The new assignment: what was taken and not begun is delivered again, by whoever owns it. */
export const assigned = (machine: Machine, partitions: ReadonlyArray<AssignedPartition>): void => {
  forgetWaiting(machine)
  machine.full.clear()
  machine.ownership.assign(partitions)
  // A group may rebalance while a member of it closes.
  if (machine.isClosing) return
  machine.isHeld = false
  machine.schedule.resume()
}

/** Starts nothing more, and forgets what has not started: until the next assignment, or for good. */
export const hold = (machine: Machine, isForGood: boolean): void => {
  machine.isHeld = true
  machine.isClosing ||= isForGood
  machine.schedule.hold()
  forgetWaiting(machine)
}

const forgetWaiting = (machine: Machine): void => {
  for (const request of Array.from(machine.schedule.queued())) leave(machine, request)
}

/** Interrupts everything that runs; what has no answer is left to the next owner. */
export const abort = (machine: Machine): void => {
  for (const run of machine.runs) stop(machine, run, "draining")
}

/** The bookkeeping is broken: the fibers to interrupt. A run without one yet never gets it. */
export const broken = ({ runs }: Machine): ReadonlyArray<Stoppable> =>
  Array.from(runs).flatMap((run) => {
    run.stop ??= "draining"
    if (run.fiber === undefined) runs.delete(run)
    return run.fiber ?? []
  })

// --- records ---

/** Whether the record may be taken now, if need be in the room of another. With places free that is decided when it is known. */
const hasCapacity = (machine: Machine, { offset, partition }: ConsumedRecord, at: number): boolean => {
  const { ownership, schedule } = machine
  const { maxOpenBytes, maxWaiting } = machine.settings.options
  if (ownership.openBytes >= maxOpenBytes) return false
  if (!ownership.ledgerOf(partition)!.canTake(offset)) return false
  return schedule.waiting < maxWaiting || schedule.hasPlace || makeWay(machine, at)
}

/** Takes records, in order, as long as there is room; returns how many. Cancels are no requests: they come elsewhere. */
export const records = (machine: Machine, batch: ReadonlyArray<ConsumedRecord>, at: number, wall: number): number => {
  const { commands, ownership } = machine
  for (let index = 0; index < batch.length; index++) {
    const record = batch[index]!
    const ledger = ownership.ledgerOf(record.partition)
    if (machine.isHeld || ledger === undefined) return index
    if (!hasCapacity(machine, record, at)) {
      machine.full.set(record.partition, record.offset)
      machine.wakeBy(at + 1)
      return index
    }
    const isNew = ledger.take(record)
    reportLosses(machine, record)
    if (!isNew) {
      machine.hasProgress = true
      commands.add("refused", record, redelivered("it is done already"))
    } else if (ownership.isOpen(record)) commands.add("refused", record, redelivered("it is being worked on already"))
    else admit(machine, record, ledger.epoch, at, wall)
  }
  return batch.length
}

const redelivered = (reason: string) => ({
  kind: "redelivered",
  reason,
  outcome: undefined,
  operation: undefined,
  attempt: undefined,
  count: 1
})

const reportLosses = (machine: Machine, record: ConsumedRecord): void => {
  const losses = machine.ownership.ledgerOf(record.partition)!.losses()
  if (losses !== undefined) machine.commands.add("lost", record, losses)
}

/** A batch that cannot be read, in the place of its records: kept and passed over like a record that is malformed. */
export const undecodable = (machine: Machine, batch: UndecodableBatch, at: number): boolean => {
  const { lastOffset, partition, reason } = batch
  const ledger = machine.ownership.ledgerOf(partition)
  const record = standInOf(batch)
  if (machine.isHeld || ledger === undefined) return false
  if (!hasCapacity(machine, record, at)) {
    machine.full.set(partition, record.offset)
    machine.wakeBy(at + 1)
    return false
  }
  const isNew = ledger.takeBatch(batch)
  reportLosses(machine, record)
  if (!isNew) return true
  if (machine.ownership.isOpen(record)) {
    machine.commands.add("refused", record, redelivered("its dead letter is on its way already"))
    return true
  }
  const taken = new TakenRecord(record, ledger.epoch, at + refusalPatienceMillis, lastOffset + 1)
  take(machine, taken)
  const count = lastOffset - record.offset + 1
  const nobody = { reply: undefined, operation: undefined, attempt: undefined }
  refuse(machine, taken, { _tag: "Refuse", kind: "undecodable", reason, ...nobody }, count)
  return true
}

// --- what came of commands ---

/** Replies and dead letters that are written, or will not be. */
export const written = (machine: Machine, batch: ReadonlyArray<TakenRecord>): void => {
  for (const taken of batch) paid(machine, taken)
}

/** Closing: whoever owns the partition next answers. */
export const unsent = (machine: Machine, taken: TakenRecord): void => close(machine, taken, false)

/** A call is not waited for any more. Remembered in any case: another attempt may still come. */
export const cancelled = (machine: Machine, ids: ReadonlyArray<string>, at: number): void => {
  const runs: Array<Run> = []
  for (const id of ids) {
    machine.cancelled.add(id, at)
    for (let call = machine.calls.get(id); call !== undefined;) {
      const { other, request } = call
      const run = request === undefined ? undefined : settle(machine, request, undefined, [], at)
      if (run !== undefined) runs.push(run)
      call = other
    }
  }
  // All of them first: what is interrupted may give its turn to the next of its lane.
  for (const run of runs) stopIfUnwanted(machine, run)
}

// --- the end of a turn ---

/** Gives turns and room that have become free. */
export const advance = (machine: Machine, at: number): void => {
  startNext(machine, at)
  if (!machine.isTaking) freeCapacity(machine, at)
  else if (machine.full.size > 0) machine.wakeBy(at + 1)
  machine.calls.forgetUntil(at)
}

const freeCapacity = (machine: Machine, at: number): void => {
  const { commands, full, isHeld, ownership, schedule } = machine
  if (full.size === 0 || isHeld) return
  const { maxOpenBytes, maxWaiting } = machine.settings.options
  // Half empty before fetching starts again, so that it does not stop and go with every record.
  if (schedule.waiting > maxWaiting / 2 && !schedule.hasPlace && !hasWay(machine, at)) return
  if (ownership.openBytes > maxOpenBytes / 2) return
  for (const [partition, offset] of full) {
    if (ownership.ledgerOf(partition)?.canTake(offset) !== true) continue
    full.delete(partition)
    commands.add("resume", partition)
  }
}

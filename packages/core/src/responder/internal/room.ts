/**
 * Whether there is room for another record, and which partitions wait for some.
 *
 * Three things are bounded: requests waiting for their turn, the bytes of all that is open, and per partition what is
 * done above an open offset, which a commit must be able to tell. A reply that cannot be written keeps its offset open,
 * so when the latter two are reached, those that wait for a leader which does not come are given up before their time.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import * as Sweeper from "../../host/Sweeper.ts"
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import type { Options } from "../Options.ts"
import type { OffsetLedger } from "./offsetLedger.ts"
import type { Ownership } from "./ownership.ts"
import type { TakenRecord } from "./takenRecord.ts"

// How long a reply is kept in any case: as long as a leader takes to move.
const patienceMillis = 5_000

// One that is written and not answered yet tells nothing before the driver gives it up.
const lookMillis = 1_000

export interface Environment {
  readonly options: Pick<Options, "maxWaiting" | "maxOpenBytes">
  readonly ownership: Ownership
  /** Requests waiting for their turn. */
  readonly waiting: () => number
  /** The record's reply is written no more. */
  readonly giveUp: (taken: TakenRecord) => void
  /** There is room again for records of these partitions. */
  readonly onRoom: (partitions: ReadonlyArray<number>) => void
}

export interface Room {
  /** Whether the record may be taken now. If not, its partition waits, and nothing more of it may be offered. */
  readonly isThereFor: (record: ConsumedRecord, ledger: OffsetLedger) => boolean
  /** Something has ended: tells of partitions that need wait no longer. */
  readonly changed: () => void
  /** No partition waits any more. */
  readonly forget: () => void
}

/** The replies that have been refused for so long among what is open, and when to look again; monotonic milliseconds. */
export const stuckAmong = (
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

export const make = Effect.fnUntraced(function* ({
  giveUp,
  onRoom,
  options,
  ownership,
  waiting
}: Environment): Effect.fn.Return<Room, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  /** Partitions whose fetching is paused, by the offset there was no room for. */
  const full = new Map<number, number>()

  /** The open records that take the room of what waits in this partition. */
  const inTheWayOf = (partition: number, offset: number): Iterable<TakenRecord> => {
    if (ownership.openBytes > options.maxOpenBytes / 2) return ownership.allOpen()
    return ownership.ledgerOf(partition)?.canTake(offset) === false ? ownership.openOf(partition) : []
  }

  const sweeper = yield* Sweeper.make((at) => {
    let next = Number.POSITIVE_INFINITY
    for (const [partition, offset] of Array.from(full)) {
      const { lookAt, stuck } = stuckAmong(inTheWayOf(partition, offset), at)
      for (const taken of stuck) {
        // Its caller hears nothing; what the publisher still does with it is nobody's business any more.
        taken.reply!.abandoned = true
        giveUp(taken)
      }
      next = Math.min(next, lookAt)
    }
    return next
  })

  return {
    isThereFor: ({ offset, partition }, ledger) => {
      const isFull = waiting() >= options.maxWaiting || ownership.openBytes >= options.maxOpenBytes
      if (!isFull && ledger.canTake(offset)) return true
      full.set(partition, offset)
      // Not inside this call: fetching stops only when its caller returns, and must not be asked to go on before.
      sweeper.wakeBy(monotonicMillis(clock) + 1)
      return false
    },
    changed: () => {
      // Half empty before fetching starts again, so that it does not stop and go with every record.
      if (full.size === 0 || waiting() > options.maxWaiting / 2) return
      if (ownership.openBytes > options.maxOpenBytes / 2) return
      const partitions = [...full].flatMap(([partition, offset]) =>
        ownership.ledgerOf(partition)?.canTake(offset) === true ? [partition] : []
      )
      for (const partition of partitions) full.delete(partition)
      if (partitions.length > 0) onRoom(partitions)
    },
    forget: () => full.clear()
  }
})

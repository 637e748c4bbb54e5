/**
 * Deliveries that can be stopped, seen and disturbed: what readers are handed and what members take.
 */
import * as Effect from "effect/Effect"
import { type ConsumedRecord, partitionKey, type TopicPartition } from "../../kafka/KafkaRecord.ts"
import type { GroupMember, Transport } from "../../kafka/Transport.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import { type Match, meansPartition } from "../Fault.ts"
import type { EventLog } from "./eventLog.ts"
import { type Leaders, silent, unreachable } from "./leaders.ts"

export interface Deliveries {
  readonly readPartition: Transport["Service"]["readPartition"]
  readonly joinGroup: Transport["Service"]["joinGroup"]
  /** Delivers nothing of these partitions until `resume` with the same value. */
  readonly stall: (match: Match) => void
  readonly resume: (match: Match) => void
  /** While true, members of this group lose their partitions without being asked. */
  readonly loseSession: (group: string, isLost: boolean) => void
}

/** For how long a frozen leader goes unnoticed. */
const silenceMillis = 1_000

interface Disturbed {
  readonly transport: Transport["Service"]
  readonly log: EventLog
  readonly leaders: Leaders
  readonly run: (effect: Effect.Effect<void>) => unknown
  readonly isStalled: (partition: TopicPartition) => boolean
  readonly lostSessions: ReadonlySet<string>
  /** Called when something may be delivered again. */
  readonly flushes: Set<() => void>
  readonly delivered: (group: string | undefined, records: ReadonlyArray<ConsumedRecord>) => void
}

const readPartitionOf = (disturbed: Disturbed): Deliveries["readPartition"] => {
  const { delivered, flushes, isStalled, leaders, run, transport } = disturbed
  return Effect.fnUntraced(function* (read) {
    let kept: Array<ConsumedRecord> = []
    let silentBecause: TransportError | undefined
    const flush = () => {
      if (kept.length === 0 || isStalled(read) || leaders.stateOf(read) !== "up") return
      const records = kept
      kept = []
      delivered(undefined, records)
      read.onRecords(records)
    }
    const tell = (why: TransportError | undefined): void => {
      if (why === silentBecause) return
      silentBecause = why
      read.onHearing?.(why)
    }
    const look = () => {
      const state = leaders.stateOf(read)
      if (state === "cut") return tell(unreachable)
      if (state === "up") {
        tell(undefined)
        return flush()
      }
      const notice = Effect.sync(() => leaders.stateOf(read) === "frozen" && flushes.has(flush) && tell(silent))
      run(Effect.asVoid(Effect.delay(notice, silenceMillis)))
    }
    if (leaders.stateOf(read) !== "up") yield* leaders.reach(leaders.leaderOf(read))
    flushes.add(flush)
    const unwatch = leaders.watch(look)
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        unwatch()
        flushes.delete(flush)
      })
    )
    return yield* transport.readPartition({
      ...read,
      onRecords: (records) => {
        kept.push(...records)
        flush()
      }
    })
  })
}

const joinGroupOf = ({ delivered, flushes, isStalled, log, lostSessions, transport }: Disturbed) =>
  Effect.fnUntraced(function* (join: Parameters<Deliveries["joinGroup"]>[0]) {
    const group = join.groupId
    let member: GroupMember | undefined
    const refused = new Map<string, TopicPartition>()
    const resume = () => {
      for (const [key, partition] of refused) {
        if (isStalled(partition)) continue
        refused.delete(key)
        member?.resume(partition)
      }
    }
    flushes.add(resume)
    yield* Effect.addFinalizer(() => Effect.sync(() => flushes.delete(resume)))
    const joined = yield* transport.joinGroup({
      ...join,
      onAssigned: (partitions) => {
        log.add({ _tag: "Assigned", group, partitions })
        join.onAssigned(partitions)
      },
      onRecords: (records) => {
        const { partition, topic } = records[0]!
        if (isStalled({ topic, partition })) {
          refused.set(partitionKey(records[0]!), { topic, partition })
          return 0
        }
        const taken = join.onRecords(records)
        delivered(group, records.slice(0, taken))
        return taken
      },
      onRevoking: Effect.suspend(() => {
        if (lostSessions.has(group)) return Effect.void
        log.add({ _tag: "Revoking", group })
        return join.onRevoking
      })
    })
    member = joined
    resume()
    return joined
  })

export const make = (
  transport: Transport["Service"],
  log: EventLog,
  leaders: Leaders,
  run: (effect: Effect.Effect<void>) => unknown
): Deliveries => {
  const stalls = new Set<Match>()
  const lostSessions = new Set<string>()
  const flushes = new Set<() => void>()
  const disturbed: Disturbed = {
    transport,
    log,
    leaders,
    run,
    isStalled: (partition) => [...stalls].some((match) => meansPartition(match, partition)),
    lostSessions,
    flushes,
    delivered: (group, records) => {
      for (const record of records) log.add({ _tag: "Delivered", group, record })
    }
  }
  return {
    readPartition: readPartitionOf(disturbed),
    joinGroup: joinGroupOf(disturbed),
    stall: (match) => void stalls.add(match),
    resume: (match) => {
      stalls.delete(match)
      for (const flush of flushes) flush()
    },
    loseSession: (group, isLost) => void (isLost ? lostSessions.add(group) : lostSessions.delete(group))
  }
}

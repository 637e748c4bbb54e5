/**
 * The whole state of a responder, as its steps change it. Knows no Effect and calls nothing foreign: time is handed in,
 * and what is to be done outside is appended to `commands`.
 */
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import type { Options } from "../Options.ts"
import { AppendClock, certainAge } from "./appendClock.ts"
import { Calls } from "./calls.ts"
import { CancelledIds } from "./cancelledIds.ts"
import { Commands } from "./commands.ts"
import { ConcurrencyLimit } from "./concurrencyLimit.ts"
import { KeptAnswers } from "./keptAnswers.ts"
import { loadOf, type OperationLoad } from "./operationLoad.ts"
import { OverloadState } from "./overloadState.ts"
import { Ownership } from "./ownership.ts"
import type { Procedure } from "./procedure.ts"
import { Schedule } from "./schedule.ts"
import { Claims, type KeptAnswer, type Request, type Run, type TakenRecord } from "./state.ts"
import type { Times } from "./times.ts"

export interface Settings {
  readonly options: Options
  readonly times: Times
  readonly procedures: ReadonlyMap<string, Procedure>
  readonly hasDeadLetters: boolean
}

export class Machine {
  readonly settings: Settings
  readonly commands = new Commands()
  readonly ownership = new Ownership()
  readonly schedule: Schedule<Request>
  /** How many handlers may run at one time, as far as that was learned. */
  readonly limit: ConcurrencyLimit
  readonly overload = new OverloadState()
  readonly loads: ReadonlyMap<Procedure, OperationLoad<Request>>
  /** The clocks that stamp records, by partition. */
  readonly #clocks = new Map<number, AppendClock>()
  readonly calls: Calls
  readonly cancelled = new CancelledIds()
  /** Answers by idempotency key, and by call. */
  readonly keyed: KeptAnswers<KeptAnswer>
  readonly single: KeptAnswers<KeptAnswer>
  /** Answers that had to go before their age, since this was reported last. */
  evicted = 0
  readonly runs = new Set<Run>()
  readonly claims = new Claims()
  /** Runs that go on though their time is up. */
  overdue = 0
  /** Partitions whose fetching is paused, by the offset there was no room for. */
  readonly full = new Map<number, number>()
  /** What was taken from the newest batch. */
  readonly fresh: Array<TakenRecord> = []
  /** Records are being handed in: fetching stops only when that has returned, and is not asked to go on before. */
  isTaking = false
  isHeld = true
  isClosing = false
  /** When something is due that no step has looked after; infinite when nothing is. */
  dueAt = Number.POSITIVE_INFINITY
  /** Until when this instance is certain to own its partitions, monotonic milliseconds: nothing begins after it. */
  leaseUntil = Number.POSITIVE_INFINITY
  /** Something can be committed that could not before. */
  hasProgress = false

  constructor(settings: Settings) {
    this.settings = settings
    const { concurrency, dedupeBytes, dedupeEntries } = settings.options
    this.schedule = new Schedule(concurrency)
    this.limit = new ConcurrencyLimit(concurrency)
    this.loads = new Map(
      Array.from(settings.procedures.values(), (procedure) => [
        procedure,
        loadOf(procedure.operation, settings.times.maxWait)
      ])
    )
    // A half for what is kept per key: calls without one never take the place of it.
    this.keyed = new KeptAnswers(dedupeBytes / 2)
    this.single = new KeptAnswers(dedupeBytes / 4)
    this.calls = new Calls({ entries: dedupeEntries, bytes: dedupeBytes / 4 })
  }

  /** Bytes of everything that is kept: open records, replies on the way, answers, what is known of calls. */
  get bytes(): number {
    return this.ownership.openBytes + this.keyed.bytes + this.single.bytes + this.calls.bytes
  }

  /** How long ago a record was appended, at least, at `at` on the monotonic clock, `wall` on the other. */
  ageOf({ isAppendTime, partition, timestamp }: ConsumedRecord, at: number, wall: number): number {
    if (isAppendTime !== true) return certainAge(timestamp, wall, this.settings.times.clockSkew)
    let clock = this.#clocks.get(partition)
    if (clock === undefined) this.#clocks.set(partition, (clock = new AppendClock()))
    return clock.ageOf(timestamp, at)
  }

  /** Where the answers of an operation are kept. */
  answersOf({ operation }: Procedure): KeptAnswers<KeptAnswer> {
    return operation.hasPrimaryKey ? this.keyed : this.single
  }

  /** Something is due at this moment or before. */
  wakeBy(at: number): void {
    if (at < this.dueAt) this.dueAt = at
  }
}

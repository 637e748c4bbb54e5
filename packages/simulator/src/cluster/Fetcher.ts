/**
 * Fetches one partition for one host: records leave the cluster at one moment and arrive at another, and only one fetch is
 * on its way at a time.
 */
import type { ConsumedRecord, JoinGroup, TopicPartition } from "@kafka-request-reply/core/Transport"
import { notFound } from "@kafka-request-reply/core/MemoryBroker"
import type { TransportError } from "@kafka-request-reply/core/TransportError"
import type { Cluster } from "./Cluster.ts"
import { batchOf, isDamaged, likeTheFirst } from "./damage.ts"
import type { Process } from "./Process.ts"

const fetchLimit = 500
/** How long a deleted topic stays unnoticed, at most. */
const noticeMillis = 50

type Log = NonNullable<ReturnType<Cluster["options"]["broker"]["log"]>>

export interface FetcherOptions extends TopicPartition {
  readonly cluster: Cluster
  readonly process: Process
  readonly from: number
  /** The leader epoch of what lies before, where that is known. */
  readonly epoch?: number | undefined
  /** Returns how many were taken, from the front. */
  readonly onRecords: (records: ReadonlyArray<ConsumedRecord>) => number
  /** False when the batch was not taken. */
  readonly onUndecodable?: JoinGroup["onUndecodable"]
  readonly onLost: (error: TransportError) => void
}

export class Fetcher {
  readonly #options: FetcherOptions
  #position: number
  #log: Log | undefined
  #epoch = 0
  #isPaused = false
  #isFetching = false
  #isClosed = false
  #isLost = false
  #stopGrowth: () => void = () => {}
  readonly #stopTopics: () => void

  constructor(options: FetcherOptions) {
    this.#options = options
    this.#position = options.from
    const { cluster, process } = options
    this.#stopTopics = cluster.onTopics(() =>
      cluster.options.timers.after(process.random.between(1, noticeMillis), () => this.#look())
    )
    if (cluster.options.broker.log(options) !== undefined) this.#look()
    // Deleted since its position was asked for: the first fetch will tell.
    else cluster.options.timers.after(process.random.between(1, noticeMillis), () => this.#look())
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#fetch()
  }

  close(): void {
    this.#isClosed = true
    this.#stopGrowth()
    this.#stopTopics()
  }

  #look(): void {
    if (this.#isClosed) return
    const { cluster, onLost, process } = this.#options
    const log = cluster.options.broker.log(this.#options)
    if (log === this.#log && (log !== undefined || this.#isLost)) return
    this.#stopGrowth()
    const isAnother = this.#log !== undefined && log !== undefined
    this.#epoch = (this.#log === undefined ? this.#options.epoch : undefined) ?? log?.epoch ?? 0
    this.#log = log
    if (log === undefined) {
      if (!this.#isLost) process.run(() => this.#isClosed || onLost(notFound(cluster.options.broker, this.#options)))
      this.#isLost = true
      return
    }
    if (this.#isLost || isAnother) this.#position = log.start
    this.#isLost = false
    this.#stopGrowth = log.onGrowth(() => this.#fetch())
    this.#fetch()
  }

  #fetch(): void {
    const { cluster, process } = this.#options
    const log = this.#log
    if (this.#isFetching || this.#isPaused || this.#isClosed || log === undefined) return
    if (log.end === this.#position && log.epoch === this.#epoch) return
    this.#isFetching = true
    const delay = cluster.fetchDelay(cluster.leaderOf(this.#options)) + process.random.between(1, 4)
    cluster.options.timers.after(delay, () => {
      this.#position = this.#positionIn(log)
      this.#epoch = log.epoch
      const records = log.read(this.#position, fetchLimit)
      process.run(() => {
        this.#isFetching = false
        if (this.#isClosed || this.#isPaused || this.#log !== log) return this.#fetch()
        if (records.length > 0) this.#deliver(records)
        this.#fetch()
      })
    })
  }

  #positionIn(log: Log): number {
    const position = this.#position
    // A leader tells where an epoch ended that it does not know any more; without that the offset is out of range.
    if (log.epoch !== this.#epoch && position > log.cutAt) {
      return this.#options.cluster.isBlind ? log.start : log.cutAt
    }
    // A position outside the log falls back to the earliest, never to the latest.
    return position > log.end ? log.start : position
  }

  #deliver(records: ReadonlyArray<ConsumedRecord>): void {
    for (let left = records; left.length > 0 && !this.#isPaused && !this.#isClosed;) {
      const some = likeTheFirst(left)
      const taken = this.#hand(some)
      if (taken > 0) this.#position = some[taken - 1]!.offset + 1
      if (taken < some.length) this.#isPaused = true
      left = left.slice(some.length)
    }
  }

  #hand(records: ReadonlyArray<ConsumedRecord>): number {
    if (!isDamaged(records[0]!)) return this.#options.onRecords(records)
    return this.#options.onUndecodable?.(batchOf(records)) === false ? 0 : records.length
  }
}

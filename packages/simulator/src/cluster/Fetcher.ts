/**
 * Fetches one partition for one host: records leave the cluster at one moment and arrive at another, and only one fetch is
 * on its way at a time.
 */
import type { ConsumedRecord, TopicPartition } from "@kafka-request-reply/core/Transport"
import { notFound } from "@kafka-request-reply/core/MemoryBroker"
import type { TransportError } from "@kafka-request-reply/core/TransportError"
import type { Cluster } from "./Cluster.ts"
import type { Process } from "./Process.ts"

const fetchLimit = 500
/** How long a deleted topic stays unnoticed, at most. */
const noticeMillis = 50

export interface FetcherOptions extends TopicPartition {
  readonly cluster: Cluster
  readonly process: Process
  readonly from: number
  /** Returns how many were taken, from the front. */
  readonly onRecords: (records: ReadonlyArray<ConsumedRecord>) => number
  readonly onLost: (error: TransportError) => void
}

export class Fetcher {
  readonly #options: FetcherOptions
  #position: number
  #log: NonNullable<ReturnType<Cluster["options"]["broker"]["log"]>> | undefined
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
    this.#log = log
    if (log === undefined) {
      if (!this.#isLost) process.run(() => this.#isClosed || onLost(notFound(cluster.options.broker, this.#options)))
      this.#isLost = true
      return
    }
    if (this.#isLost) this.#position = log.start
    this.#isLost = false
    this.#stopGrowth = log.onGrowth(() => this.#fetch())
    this.#fetch()
  }

  #fetch(): void {
    const { cluster, process } = this.#options
    const log = this.#log
    if (this.#isFetching || this.#isPaused || this.#isClosed || log === undefined) return
    if (log.end === this.#position) return
    this.#isFetching = true
    const delay = cluster.fetchDelay(cluster.leaderOf(this.#options)) + process.random.between(1, 4)
    cluster.options.timers.after(delay, () => {
      // A position outside the log falls back to the earliest, never to the latest.
      if (this.#position > log.end) this.#position = log.start
      const records = log.read(this.#position, fetchLimit)
      process.run(() => {
        this.#isFetching = false
        if (this.#isClosed || this.#isPaused || this.#log !== log) return this.#fetch()
        if (records.length > 0) this.#deliver(records)
        this.#fetch()
      })
    })
  }

  #deliver(records: ReadonlyArray<ConsumedRecord>): void {
    const taken = this.#options.onRecords(records)
    if (taken > 0) this.#position = records[taken - 1]!.offset + 1
    if (taken < records.length) this.#isPaused = true
  }
}

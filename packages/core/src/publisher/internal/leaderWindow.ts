/**
 * The requests in flight to one leader, and the next one: its sendable partitions, in turn.
 *
 * In-flight limits are per leader, so that a frozen broker does not use up what another one could take. Whether the leader
 * answers is kept here; an answer for a partition is kept with the partition.
 */
import type { PartitionBatch } from "../../kafka/ProducerLink.ts"
import type { Publication } from "../Publication.ts"
import { Backoff } from "./backoff.ts"
import type { BatchLimits } from "./batchLimits.ts"
import type { PartitionQueue } from "./partitionQueue.ts"

export interface RequestLimits {
  readonly maxRequests: number
  readonly maxRecords: number
  readonly maxBytes: number
}

/** The records of one partition in a request. */
export interface SentBatch extends PartitionBatch {
  readonly queue: PartitionQueue
  readonly records: ReadonlyArray<Publication>
  readonly bytes: number
  isSettled: boolean
}

/** The batches of the next request, and the records that turned out to be expired or abandoned. */
export interface Filled {
  readonly batches: ReadonlyArray<SentBatch>
  readonly bytes: number
  readonly over: ReadonlyArray<{ readonly queue: PartitionQueue; readonly publication: Publication }>
}

export class LeaderWindow {
  readonly leader: number
  readonly backoff = new Backoff()
  /** Requests and bytes in flight. */
  requests = 0
  bytes = 0
  /** The leader throttles until then, monotonic milliseconds. */
  throttledUntil = Number.NEGATIVE_INFINITY
  /** When it answered last, monotonic milliseconds. */
  answeredAt = Number.NEGATIVE_INFINITY
  /** Since when its silence is suspicious, monotonic milliseconds; undefined when it is not. */
  suspectedSince: number | undefined
  isScheduled = false
  #listed: Array<PartitionQueue> = []

  constructor(leader: number) {
    this.leader = leader
  }

  /** Enters a partition that can be sent, once. */
  list(queue: PartitionQueue): void {
    if (queue.isListed) return
    queue.isListed = true
    this.#listed.push(queue)
  }

  unlist(queue: PartitionQueue): void {
    if (!queue.isListed) return
    queue.isListed = false
    this.#listed = this.#listed.filter((listed) => listed !== queue)
  }

  /** Whether another request can leave now. */
  isOpen({ maxBytes, maxRequests }: RequestLimits, now: number): boolean {
    const hasCapacity = this.requests < maxRequests && this.bytes < maxBytes * maxRequests
    return this.#listed.length > 0 && hasCapacity && !this.backoff.isResting && this.throttledUntil <= now
  }

  /** Takes the partitions in turn, each once, until the request is full. The next request goes on after them. */
  fill({ maxBytes, maxRecords }: RequestLimits, learnt: BatchLimits, now: number): Filled {
    const batches: Array<SentBatch> = []
    const over: Array<{ readonly queue: PartitionQueue; readonly publication: Publication }> = []
    let left = maxRecords
    let bytes = 0
    for (let turns = this.#listed.length; turns > 0 && left > 0 && bytes < maxBytes; turns--) {
      const queue = this.#listed.shift()!
      const space = {
        records: left,
        requestBytes: maxBytes - bytes,
        batchBytes: learnt.nextFor(queue.topic),
        isEmpty: batches.length === 0
      }
      const taken = queue.take(space, now)
      for (const publication of taken.over) over.push({ queue, publication })
      const { topic, partition } = queue
      if (taken.records.length > 0) {
        const { records } = taken
        batches.push({ topic, partition, records, bytes: taken.bytes, queue, isSettled: false })
        left -= records.length
        bytes += taken.bytes
      }
      if (queue.ready === 0) queue.isListed = false
      else if (taken.records.length > 0) this.#listed.push(queue)
      else {
        // Its first record does not fit into this request; it leads the next one.
        this.#listed.unshift(queue)
        break
      }
    }
    return { batches, bytes, over }
  }
}

/**
 * The queue of one partition leader, and the decision what its next batch is.
 *
 * A lane has two queues: `front` holds what must go first (resends, records whose key became free, what did not fit the
 * last batch), `queue` the rest in the order offered. Taking a batch outlines as:
 *
 *   1. next record from `front`, else from `queue`
 *   2. abandoned → forgotten; past its deadline → expired; its key in flight → left at the gate
 *   3. too much for this batch → back to `front`, and the batch is complete
 *   4. close the gate for the batch's keys
 */
import type { TopicPartition } from "../../kafka/KafkaRecord.ts"
import type { Publication } from "../Publication.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { KeyGate } from "./keyGate.ts"

export interface BatchLimits {
  /** kafkajs groups a batch's records quadratically per partition, hence the small default of 512. */
  readonly maxRecords: number
  readonly maxBytes: number
}

/** An estimate of the record's size on the wire, headers included. */
export const byteSize = (publication: Publication): number => {
  let size = 32 + (publication.key?.byteLength ?? 0) + (publication.value?.byteLength ?? 0)
  for (const [name, value] of publication.headers) size += name.length + value.byteLength + 4
  return size
}

/** The first and the longest pause after a failure, milliseconds; it doubles in between. */
export interface Backoff {
  readonly min: number
  readonly max: number
}

// Between two looks for leaders, however many partitions come that were not looked for yet.
const leastPauseMillis = 10

/** Why a record cannot be written now; undefined when nothing is known against it. */
export type Obstacle = (record: TopicPartition) => TransportError | undefined

export interface Taken {
  readonly batch: ReadonlyArray<Publication>
  /** Past their deadline before they were handed over (again). */
  readonly expired: ReadonlyArray<Publication>
  /** How many abandoned records were forgotten. */
  readonly forgotten: number
}

export class PublishLane {
  readonly leader: number
  inFlight = 0
  isScheduled = false
  /** Consecutive failures, for the backoff; 0 after a success. */
  failures = 0
  isBackingOff = false
  /** When a lane without leader looked for one last, monotonic milliseconds. */
  lookedAt = Number.NEGATIVE_INFINITY
  /** A lane without leader looks for one. */
  isLooking = false
  /** The partitions that came while a look was under way, which therefore says nothing of them. */
  readonly overlooked = new Set<string>()
  /** What stands in the way of records while the lane rests: of all of them, or of those of some partitions. */
  obstacle: Obstacle | undefined
  #front: Array<Publication> = []
  #queue: Array<Publication> = []
  #head = 0

  constructor(leader: number) {
    this.leader = leader
  }

  get size(): number {
    return this.#front.length + this.#queue.length - this.#head
  }

  /** How long to rest before the next try. Looks for a leader are kept apart: who comes long after the last need not wait. */
  pause(now: number, { max, min }: Backoff): number {
    const rested = this.leader < 0 ? now - this.lookedAt : 0
    if (rested >= max) this.failures = 0
    const isFirst = this.leader < 0 && (this.failures === 0 || this.overlooked.size > 0)
    this.overlooked.clear()
    const pause = isFirst ? leastPauseMillis : Math.min(max, min * 2 ** Math.min(this.failures, 16))
    return Math.max(0, pause - rested)
  }

  /** Adds to what stands in the way: batches that were in flight together can fail for reasons of their own. */
  obstruct(obstacle: Obstacle): void {
    const earlier = this.obstacle
    this.obstacle = earlier === undefined ? obstacle : (record) => earlier(record) ?? obstacle(record)
  }

  /** Everything in the lane. */
  *publications(): Iterable<Publication> {
    yield* this.#front
    for (let i = this.#head; i < this.#queue.length; i++) yield this.#queue[i]!
  }

  /** Appends one record. */
  offer(publication: Publication): void {
    this.#queue.push(publication)
  }

  /** Puts records, in their order, before everything else. */
  offerFirst(publications: ReadonlyArray<Publication>): void {
    if (publications.length > 0) this.#front = [...publications, ...this.#front]
  }

  /** Takes everything that matches out of the lane, keeping the order of the rest. */
  remove(matches: (publication: Publication) => boolean): Array<Publication> {
    const removed: Array<Publication> = []
    const keep = (publication: Publication): boolean => {
      const match = matches(publication)
      if (match) removed.push(publication)
      return !match
    }
    this.#front = this.#front.filter(keep)
    this.#queue = this.#queue.slice(this.#head).filter(keep)
    this.#head = 0
    return removed
  }

  /** The next batch, possibly empty. `now` is in monotonic milliseconds. */
  take(gate: KeyGate, limits: BatchLimits, now: number): Taken {
    const batch: Array<Publication> = []
    const expired: Array<Publication> = []
    let forgotten = 0
    let maxRecords = limits.maxRecords
    let bytes = 0
    let fromFront = 0
    while (batch.length < maxRecords) {
      const isFront = fromFront < this.#front.length
      const next = isFront ? this.#front[fromFront] : this.#queue[this.#head]
      if (next === undefined) break
      if (next.abandoned) forgotten++
      else if (next.deadline <= now) expired.push(next)
      else {
        const size = byteSize(next)
        const limit = Math.min(maxRecords, next.batchLimit)
        const fits = batch.length < limit && (batch.length === 0 || bytes + size <= limits.maxBytes)
        if (!fits) break
        if (gate.admit(next)) {
          maxRecords = limit
          bytes += size
          batch.push(next)
        }
      }
      if (isFront) fromFront++
      else this.#advance()
    }
    this.#front = this.#front.slice(fromFront)
    gate.close(batch)
    return { batch, expired, forgotten }
  }

  // Dropping from the front of an array costs its length: the head moves, and the array is cut now and then.
  #advance(): void {
    this.#head++
    if (this.#head >= 1024 && this.#head * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
  }
}

/**
 * The records to be written to one partition, ready in order or waiting for a key in flight; its back-off and its leader.
 *
 * Two arrays: `front` holds what must go first (resends, records whose key became free), `queue` the rest in the order
 * offered.
 */
import type { TopicPartition } from "../../kafka/KafkaRecord.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { Publication } from "../Publication.ts"
import { Backoff } from "./backoff.ts"
import { KeyGate } from "./keyGate.ts"
import type { LeaderWindow } from "./leaderWindow.ts"

/** What still fits. */
export interface Space {
  readonly records: number
  /** Of the request, and of the partition's batch in it. A record that is larger than an empty one travels alone. */
  readonly requestBytes: number
  readonly batchBytes: number
  /** Nothing is in the request yet. */
  readonly isEmpty: boolean
}

export interface Taken {
  readonly records: ReadonlyArray<Publication>
  readonly bytes: number
  /** Past their deadline before they were handed over (again), or abandoned. */
  readonly over: ReadonlyArray<Publication>
}

const none: ReadonlyArray<Publication> = []

export class PartitionQueue implements TopicPartition {
  readonly topic: string
  readonly partition: number
  readonly backoff = new Backoff()
  /** Of its leader; undefined while none is known. */
  window: LeaderWindow | undefined
  /** In its window's list of partitions that can be sent. */
  isListed = false
  /** It was added during a metadata refresh, whose result does not cover it. */
  isMissed = false
  /** Batches in flight. */
  inFlight = 0
  readonly #gate = new KeyGate()
  #front: ReadonlyArray<Publication> = none
  #queue: Array<Publication> = []
  #head = 0

  constructor({ partition, topic }: TopicPartition) {
    this.topic = topic
    this.partition = partition
  }

  /** Records that can be sent, as far as their keys are concerned. */
  get ready(): number {
    return this.#front.length + this.#queue.length - this.#head
  }

  get isEmpty(): boolean {
    return this.ready === 0 && this.inFlight === 0 && this.#gate.size === 0
  }

  /** Why nothing can be written now, as far as is known. */
  get refusal(): TransportError | undefined {
    return this.backoff.refusal ?? this.window?.backoff.refusal
  }

  /** The queue in front of a new record: waiting records and batches in flight; infinite while nothing can be written. */
  get load(): number {
    const { window } = this
    if (window === undefined || this.refusal !== undefined) return Number.POSITIVE_INFINITY
    // A timeout that ended a wait long ago is no evidence about now.
    const isSilent = window.suspectedSince !== undefined && window.requests > 0
    return isSilent ? Number.POSITIVE_INFINITY : this.ready + this.inFlight
  }

  /** When the record was offered that has waited longest; infinite when none waits. */
  get oldest(): number {
    const first = this.#front[0] ?? this.#queue[this.#head]
    return Math.min(first?.offeredAt ?? Number.POSITIVE_INFINITY, this.#gate.oldest)
  }

  offer(publication: Publication): void {
    this.#queue.push(publication)
  }

  /**
   * A batch is answered: records to be tried again go first, then those that waited for the batch's keys, which keeps the
   * order of each key.
   */
  settled(batch: ReadonlyArray<Publication>, again: ReadonlyArray<Publication>): void {
    const released = this.#gate.open(batch)
    if (again.length + released.length > 0) this.#front = [...again, ...released, ...this.#front]
  }

  /** Takes everything out that matches and is not in flight, keeping the order of the rest. */
  remove(matches: (publication: Publication) => boolean): ReadonlyArray<Publication> {
    if (this.ready === 0) return this.#gate.remove(matches)
    const removed: Array<Publication> = []
    const keep = (publication: Publication): boolean => {
      const match = matches(publication)
      if (match) removed.push(publication)
      return !match
    }
    this.#front = this.#front.filter(keep)
    this.#queue = this.#queue.slice(this.#head).filter(keep)
    this.#head = 0
    return removed.concat(this.#gate.remove(matches))
  }

  /** The next batch, possibly empty, its keys closed. `now` is in monotonic milliseconds. */
  take({ batchBytes, isEmpty, records: most, requestBytes }: Space, now: number): Taken {
    const records: Array<Publication> = []
    let over: Array<Publication> | undefined
    let limit = most
    let bytes = 0
    let fromFront = 0
    while (records.length < limit) {
      const isFront = fromFront < this.#front.length
      const next = isFront ? this.#front[fromFront] : this.#queue[this.#head]
      if (next === undefined) break
      if (next.abandoned || next.deadline <= now) (over ??= []).push(next)
      else {
        const isFirst = records.length === 0
        const size = bytes + next.encodedSize
        if (!isFirst && (records.length >= next.companyLimit || size > batchBytes)) break
        if (!(isFirst && isEmpty) && size > requestBytes) break
        if (this.#gate.admit(next)) {
          limit = Math.min(limit, next.companyLimit)
          bytes = size
          records.push(next)
        }
      }
      if (isFront) fromFront++
      else this.#advance()
    }
    if (fromFront > 0) this.#front = fromFront === this.#front.length ? none : this.#front.slice(fromFront)
    this.#gate.close(records)
    return { records, bytes, over: over ?? none }
  }

  // Dropping from the front of an array costs its length: the head moves, and the array is cut now and then.
  #advance(): void {
    this.#head++
    if (this.#head === this.#queue.length) {
      this.#queue = []
      this.#head = 0
    } else if (this.#head >= 1024 && this.#head * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
  }
}

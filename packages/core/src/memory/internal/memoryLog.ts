/**
 * One partition of the in-memory broker: an append-only list of records with offsets, which calls listeners when it grows.
 */
import type { ConsumedRecord, OutgoingRecord } from "../../kafka/KafkaRecord.ts"

/** About what a record takes in a batch on the wire. */
export const encodedSize = ({ headers, key, value }: OutgoingRecord): number =>
  headers.reduce(
    (size, [name, header]) => size + name.length + header.length + 4,
    16 + (key?.length ?? 0) + (value?.length ?? 0)
  )

// Not `slice`: that of a Buffer is a view.
const copy = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

export class MemoryLog {
  readonly topic: string
  readonly partition: number
  /** Of its topic; another one when the topic is deleted and made anew. */
  readonly topicId: string
  readonly #records: Array<ConsumedRecord> = []
  readonly #listeners = new Set<() => void>()
  /** The first offset that still exists; grows by `truncate`. */
  start = 0
  #deleted = 0
  #epoch = 0
  #cutAt = Number.POSITIVE_INFINITY

  constructor(topic: string, partition: number, topicId: string) {
    this.topic = topic
    this.topicId = topicId
    this.partition = partition
  }

  /** The offset the next record will get. */
  get end(): number {
    return this.#deleted + this.#records.length
  }

  /** The leader epoch of what is appended next. */
  get epoch(): number {
    return this.#epoch
  }

  /** Where the epoch before this one ended; infinite when there was none. */
  get cutAt(): number {
    return this.#cutAt
  }

  /** Appends a copy: only bytes cross, as over a socket. Returns the offset. */
  append(record: OutgoingRecord, timestamp: number): number {
    const offset = this.end
    this.#records.push({
      topic: this.topic,
      partition: this.partition,
      key: record.key === null ? null : copy(record.key),
      value: record.value === null ? null : copy(record.value),
      headers: record.headers.map(([name, value]) => [name, copy(value)] as const),
      offset,
      timestamp,
      isAppendTime: true,
      topicId: this.topicId,
      leaderEpoch: this.#epoch
    })
    for (const listener of this.#listeners) listener()
    return offset
  }

  /** Records from an offset on, at most `limit`. */
  read(from: number, limit: number): ReadonlyArray<ConsumedRecord> {
    const first = Math.max(from, this.start) - this.#deleted
    return this.#records.slice(first, first + limit)
  }

  /** Deletes everything below an offset, as retention does. */
  truncate(below: number): void {
    const count = Math.min(below, this.end) - this.#deleted
    if (count <= 0) return
    this.#records.splice(0, count)
    this.#deleted += count
    this.start = this.#deleted
  }

  /** Loses everything from an offset on, as an unclean election does: what is appended next is of a new leader epoch. */
  cutOff(from: number): void {
    this.#cutAt = Math.max(from, this.start)
    this.#records.length = Math.max(0, Math.min(this.#records.length, this.#cutAt - this.#deleted))
    this.#epoch++
  }

  /** Calls back after each append, until the returned function is called. */
  onGrowth(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}

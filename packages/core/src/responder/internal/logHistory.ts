/**
 * What was read of one partition's log, so that a record that comes again is told from another one at the same offset.
 *
 * A log may lose its end (an unclean election) and a topic may be deleted and made anew; then the same offsets belong to
 * other records. Where the driver tells topic ids and leader epochs these say so: the epochs of a log never fall from one
 * offset to the next, and what is written after an election has a greater one than all before. Where it does not, the
 * timestamps must do: a record that comes again is not newer than what was read.
 */
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"

/** What is looked at in a record. */
export type Delivered = Pick<ConsumedRecord, "offset" | "timestamp" | "topicId" | "leaderEpoch">

/**
 * What a record says of the log: it goes on; it belongs to another topic; it replaces what was at its offset and above; or
 * the log was cut off below where reading began, and this was there before.
 */
export type Reading = "on" | "anew" | "cut" | "below"

interface Epoch {
  readonly epoch: number
  /** The first offset that was read of it. */
  readonly from: number
}

export class LogHistory {
  #topicId: string | undefined
  /** The offset after the highest that was read, and the newest timestamp. */
  #seen: number
  #newest = Number.NEGATIVE_INFINITY
  /** The leader epochs of what was read, the greatest last. */
  #epochs: Array<Epoch> = []
  /** Where reading began, until a record of there or above has come. */
  #floor: number

  /** `start` is the committed offset, -1 when there is none; `leaderEpoch` that of the record before it. */
  constructor(start: number, topicId: string | undefined, leaderEpoch: number | undefined) {
    this.#topicId = topicId
    this.#seen = this.#floor = start
    if (start > 0 && leaderEpoch !== undefined) this.#epochs.push({ epoch: leaderEpoch, from: start - 1 })
  }

  get topicId(): string | undefined {
    return this.#topicId
  }

  get seen(): number {
    return this.#seen
  }

  /** Notes a record, or the first offset of a batch that ends before `end`. */
  read(record: Delivered, end: number = record.offset + 1): Reading {
    const { leaderEpoch, offset, timestamp, topicId } = record
    const reading = this.#readingOf(record)
    if (reading === "below") return reading
    if (reading === "anew") this.#forgetFrom(Number.NEGATIVE_INFINITY)
    else if (reading === "cut") this.#forgetFrom(offset)
    if (topicId !== undefined) this.#topicId = topicId
    if (leaderEpoch !== undefined && leaderEpoch > (this.#epochs.at(-1)?.epoch ?? -1)) {
      this.#epochs.push({ epoch: leaderEpoch, from: offset })
    }
    // The log reaches to where reading began.
    if (offset >= this.#floor) this.#floor = -1
    this.#seen = Math.max(this.#seen, end)
    this.#newest = Math.max(this.#newest, timestamp)
    return reading
  }

  /** The leader epoch of the record at an offset, if it is known. What lies below it need not be known any more. */
  epochAt(offset: number): number | undefined {
    let index = this.#epochs.length - 1
    while (index >= 0 && this.#epochs[index]!.from > offset) index--
    if (index > 0) this.#epochs.splice(0, index)
    return index < 0 ? undefined : this.#epochs[0]!.epoch
  }

  /**
   * Goes on from what another history of the same partition read before; nothing may be read yet. False when that was
   * another topic, or was replaced meanwhile: then nothing that is known of it holds.
   */
  inherit(other: LogHistory): boolean {
    if (this.#topicId !== undefined && other.#topicId !== undefined && this.#topicId !== other.#topicId) return false
    const committed = this.#epochs[0]
    // Others took a record after an election, below the end of what was read here before it.
    if (committed !== undefined && committed.from < other.#seen && other.#epochs.length > 0) {
      if (committed.epoch > (other.epochAt(committed.from) ?? other.#epochs[0]!.epoch)) return false
    }
    const newest = other.#epochs.at(-1)?.epoch ?? -1
    this.#epochs = committed !== undefined && committed.epoch > newest ? [...other.#epochs, committed] : other.#epochs
    this.#topicId ??= other.#topicId
    this.#seen = Math.max(this.#seen, other.#seen)
    this.#newest = other.#newest
    return true
  }

  #readingOf({ leaderEpoch, offset, timestamp, topicId }: Delivered): Reading {
    const isTold = topicId !== undefined && this.#topicId !== undefined
    if (isTold && topicId !== this.#topicId) return "anew"
    if (offset >= this.#seen) return "on"
    const newest = this.#epochs.at(-1)
    if (leaderEpoch !== undefined && newest !== undefined && leaderEpoch > newest.epoch) return "cut"
    if (offset < this.#floor) return "below"
    return !isTold && timestamp > this.#newest && this.#newest !== Number.NEGATIVE_INFINITY ? "anew" : "on"
  }

  #forgetFrom(offset: number): void {
    this.#epochs = this.#epochs.filter(({ from }) => from < offset)
    this.#seen = Math.max(-1, offset)
    this.#floor = -1
    this.#newest = Number.NEGATIVE_INFINITY
  }
}

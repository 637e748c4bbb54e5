/**
 * One partition of an assignment: its position, and the fetched records that the consumer has not taken yet.
 */
import type { TopicPartition } from "../../kafka/KafkaRecord.ts"
import type { AssignedPartition, JoinGroup } from "../../kafka/Transport.ts"
import type { FetchedPartition } from "./fetchRequest.ts"
import { handOver, inOrder, type Piece } from "./handOver.ts"
import { ReadEpoch } from "./readEpoch.ts"

export class OwnedPartition implements TopicPartition {
  readonly topic: string
  readonly partition: number
  /** The id of the assigned topic: one that was created again under the same name is not fetched from. */
  readonly topicId: string | undefined
  readonly epoch: ReadEpoch
  /** The next offset to fetch. */
  position: number
  isPaused = false
  #rest: ReadonlyArray<Piece> = []

  constructor({ committed = 0, leaderEpoch, partition, topic }: AssignedPartition, topicId: string | undefined) {
    this.topic = topic
    this.partition = partition
    this.topicId = topicId
    // Never committed: the first record. A log that starts later answers "out of range", which leads to the earliest.
    this.position = committed
    this.epoch = new ReadEpoch(leaderEpoch)
  }

  /** Whether more is to be fetched. */
  get isWanted(): boolean {
    return !this.isPaused && this.#rest.length === 0
  }

  /** Takes in records that were fetched at the position. */
  accept({ leaderEpoch, next, records, unreadable }: FetchedPartition): void {
    this.epoch.read((records.at(-1) ?? unreadable.at(-1))?.leaderEpoch, leaderEpoch)
    this.position = next
    this.#rest = inOrder(records, unreadable)
  }

  /** Goes on at another position, because the log is no longer the one that was read. */
  moveTo(position: number): void {
    this.position = position
    this.#rest = []
    this.epoch.forget()
  }

  /** Delivers the fetched records; those that are not taken wait until the consumer resumes. */
  deliver(join: Pick<JoinGroup, "onRecords" | "onUndecodable">): void {
    if (this.isWanted || this.isPaused) return
    const pieces = this.#rest
    // When the callback throws, its records count as taken.
    this.#rest = []
    this.#rest = handOver(pieces, join)
    if (this.#rest.length > 0) this.isPaused = true
  }
}

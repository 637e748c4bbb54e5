/**
 * Copies records that are no executable requests to a topic of their own, with where they came from and why.
 */
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import { Publication } from "../../publisher/Publication.ts"
import type { Publisher } from "../../publisher/Publisher.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { RecordHeader } from "../../wire/RecordHeaders.ts"

export interface DeadLetters {
  /** Copies the record; `onDone` is called once, when it is written or cannot be. */
  readonly offer: (record: ConsumedRecord, reason: string, onDone: () => void) => void
}

class DeadLetter extends Publication {
  readonly #onWritten: () => void
  readonly #onLost: (error: TransportError) => void
  constructor(
    topic: string,
    record: ConsumedRecord,
    headers: ReadonlyArray<RecordHeader>,
    deadline: number,
    onWritten: () => void,
    onLost: (error: TransportError) => void
  ) {
    super({ topic, partition: 0, key: record.key, value: record.value, headers }, deadline)
    this.#onWritten = onWritten
    this.#onLost = onLost
  }
  override onAcknowledged(): void {
    this.#onWritten()
  }
  override onRefused(error: TransportError): void {
    this.#onLost(error)
  }
}

// Longer than a leader takes to move; then the record is given up rather than holding its partition.
const patienceMillis = 30_000

const text = (name: string, value: string): RecordHeader => [name, Buffer.from(value, "utf8")]

/**
 * The record unchanged, with four headers more: `rr-dead-reason`, `-topic`, `-partition` and `-offset`. `onLost` is told
 * of those that could not be written: with the headers a record may outgrow what the topic takes.
 */
export const make = (
  topic: string,
  publisher: Publisher,
  now: () => number,
  onLost: (record: ConsumedRecord, error: TransportError) => void
): DeadLetters => ({
  offer: (record, reason, onDone) => {
    const headers = [
      ...record.headers,
      text("rr-dead-reason", reason),
      text("rr-dead-topic", record.topic),
      text("rr-dead-partition", String(record.partition)),
      text("rr-dead-offset", String(record.offset))
    ]
    const lost = (error: TransportError) => {
      onLost(record, error)
      onDone()
    }
    publisher.offer(new DeadLetter(topic, record, headers, now() + patienceMillis, onDone, lost))
  }
})

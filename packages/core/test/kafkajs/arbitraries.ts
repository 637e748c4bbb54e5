/** Generators of records within what Kafka can hold. */
import * as Arbitrary from "effect/Arbitrary"
import type { OutgoingRecord } from "../../src/kafka/KafkaRecord.ts"
import type { PartitionBatch } from "../../src/kafka/ProducerLink.ts"
import type { RecordHeaders } from "../../src/wire/RecordHeaders.ts"
import { bytes, elementOf, int, oneOf, text, topic } from "../wire/arbitraries.ts"

const nullable = oneOf<Uint8Array | null>(Arbitrary.Constant(null), bytes(0, 0), bytes(1, 40), bytes(120, 200))

/** Names repeat, look like array indices, are empty. */
const name = oneOf(elementOf(["a", "b", "a", "7", "__proto__", "", "kafka_correlationId"]), text(1, 12))

export const headers: Arbitrary.Arbitrary<RecordHeaders> = Arbitrary.array(
  Arbitrary.all([name, bytes(0, 80)] as const),
  { minLength: 0, maxLength: 6 }
)

const record: Arbitrary.Arbitrary<OutgoingRecord> = Arbitrary.all({
  topic: oneOf(elementOf(["orders", "replies"]), topic),
  partition: oneOf(int(0, 3), int(0, 0x7fff_ffff)),
  key: nullable,
  value: nullable,
  headers
})

/** Batches of a few records, and of more than a one-byte var-int counts. */
export const records: Arbitrary.Arbitrary<ReadonlyArray<OutgoingRecord>> = oneOf(
  Arbitrary.array(record, { minLength: 1, maxLength: 12 }),
  Arbitrary.map(record, (one) => Array.from({ length: 150 }, () => one))
)

/** The records of each partition, in their order. */
export const byPartition = (records: ReadonlyArray<OutgoingRecord>): ReadonlyArray<PartitionBatch> =>
  Array.from(
    Map.groupBy(records, ({ partition, topic }) => `${topic}-${partition}`).values(),
    (ofPartition): PartitionBatch => {
      const { partition, topic } = ofPartition[0]!
      return { topic, partition, records: ofPartition }
    }
  )

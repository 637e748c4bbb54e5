/**
 * The topics of a contract from outside: reading along, and writing records that no requester would.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Contract from "../../../src/contract/Contract.ts"
import type { ConsumedRecord } from "../../../src/kafka/KafkaRecord.ts"
import { type AssignedPartition, Transport } from "../../../src/kafka/Transport.ts"
import type { RecordHeaders } from "../../../src/wire/RecordHeaders.ts"
import * as ReplyEnvelope from "../../../src/wire/ReplyEnvelope.ts"
import * as RequestEnvelope from "../../../src/wire/RequestEnvelope.ts"
import { until } from "./Harness.ts"
import type { TestContract } from "./TestContract.ts"
import { publisherOverLink } from "../transport/fixtures.ts"

export const namesOf = (contract: TestContract): Contract.ContractNames => Contract.namesOf(contract)!

export const bytes = (text: string): Uint8Array => Buffer.from(text, "utf8")

export const text = (value: Uint8Array | null): string => Buffer.from(value ?? []).toString("utf8")

/** Collects everything in a topic from its beginning on, as it comes. */
export const watch = Effect.fnUntraced(function* (topic: string) {
  const { readPartition } = yield* Transport
  const publisher = yield* publisherOverLink
  const records: Array<ConsumedRecord> = []
  const partitions = yield* publisher.partitions(topic)
  for (let partition = 0; partition < partitions; partition++) {
    yield* readPartition({
      topic,
      partition,
      from: "earliest",
      onRecords: (batch) => {
        // The bytes may be views of a fetch that is gone later.
        for (const { headers, key, value, ...record } of batch) {
          records.push({
            ...record,
            key: key === null ? null : Uint8Array.from(key),
            value: value === null ? null : Uint8Array.from(value),
            headers: headers.map(([name, header]) => [name, Uint8Array.from(header)] as const)
          })
        }
      }
    })
  }
  return records as ReadonlyArray<ConsumedRecord>
})

/** What a record says as a request. */
export const requestIn = ({ headers }: ConsumedRecord): RequestEnvelope.RequestEnvelope => {
  const envelope = Result.getOrThrow(RequestEnvelope.decode(headers))
  if (envelope.kind !== "request") throw new Error("a cancel, no request")
  return envelope
}

/** What a record says as a reply. */
export const replyIn = ({ headers }: ConsumedRecord): ReplyEnvelope.ReplyEnvelope =>
  Result.getOrThrow(ReplyEnvelope.decode(headers))

/** Writes a record and waits until it is written. */
export const post = Effect.fnUntraced(function* (
  topic: string,
  record: { readonly headers?: RecordHeaders; readonly value?: Uint8Array | null; readonly key?: string },
  partition = 0
) {
  const publisher = yield* publisherOverLink
  const { headers = [], key, value = null } = record
  yield* publisher.publish({ topic, partition, key: key === undefined ? null : bytes(key), value, headers })
})

/** What a group has committed, as its next member sees it; joins until it is given something. */
export const committedBy = Effect.fnUntraced(function* (groupId: string, topic: string) {
  const { joinGroup } = yield* Transport
  let assigned: ReadonlyArray<AssignedPartition> = []
  yield* Effect.scoped(
    Effect.andThen(
      joinGroup({
        groupId,
        topics: [topic],
        onAssigned: (partitions) => {
          if (partitions.length > 0) assigned = partitions
        },
        onRecords: () => 0,
        onRevoking: Effect.void,
        revokeTimeoutMillis: 1_000
      }),
      // Another member lets go first of what it gives away.
      until("the group has given something away", () => assigned.length > 0)
    )
  )
  return assigned
})

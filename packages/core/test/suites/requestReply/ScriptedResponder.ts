/**
 * A responder that answers by a script, as no real one would: for laws about the requester alone.
 */
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import type { ConsumedRecord } from "../../../src/kafka/KafkaRecord.ts"
import { Transport } from "../../../src/kafka/Transport.ts"
import type { Outcome } from "../../../src/wire/ReplyEnvelope.ts"
import * as ReplyEnvelope from "../../../src/wire/ReplyEnvelope.ts"
import type { RequestEnvelope } from "../../../src/wire/RequestEnvelope.ts"
import type { TestContract } from "./TestContract.ts"
import { bytes, namesOf, requestIn } from "./topics.ts"
import { publisherOverLink } from "../transport/fixtures.ts"

export interface Answer {
  readonly outcome: Outcome
  readonly value?: unknown
  readonly status?: string
  readonly retryAfter?: number
}

/** A request as the script got it. */
export interface Seen {
  readonly record: ConsumedRecord
  readonly envelope: RequestEnvelope
}

/** Answers a request. */
export const reply = Effect.fnUntraced(function* ({ envelope }: Seen, answer: Answer) {
  const publisher = yield* publisherOverLink
  const { attempt, correlationId, replyTo } = envelope
  const { outcome, retryAfter, status, value } = answer
  const headers = ReplyEnvelope.encode({ correlationId, attempt, at: 0, outcome, retryAfter, status })
  const { partition, topic } = replyTo!
  const body = bytes(JSON.stringify(value ?? null))
  yield* publisher.publish({ topic, partition: partition ?? 0, key: null, value: body, headers })
})

/** Answers every request of the contract as the script says, undefined meaning not at all. Returns what it saw so far. */
export const answering = Effect.fnUntraced(function* (
  contract: TestContract,
  script: (envelope: RequestEnvelope, seen: Seen) => Answer | undefined
) {
  const { readPartition } = yield* Transport
  const publisher = yield* publisherOverLink
  const { requests } = namesOf(contract)
  const run = yield* FiberSet.makeRuntime<Transport>()
  const all: Array<Seen> = []
  const partitions = yield* publisher.partitions(requests)
  for (let partition = 0; partition < partitions; partition++) {
    yield* readPartition({
      topic: requests,
      partition,
      from: "earliest",
      onRecords: (records) => {
        for (const record of records) {
          const seen: Seen = { record, envelope: requestIn(record) }
          all.push(seen)
          const answer = script(seen.envelope, seen)
          if (answer !== undefined) run(Effect.orDie(Effect.scoped(reply(seen, answer))))
        }
      }
    })
  }
  return all
})

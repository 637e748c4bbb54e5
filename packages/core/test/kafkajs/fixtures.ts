/** Topics of their own and records for tests against a broker. */
import { randomUUID } from "node:crypto"
import * as Effect from "effect/Effect"
import type { OutgoingRecord } from "../../src/transport/KafkaRecord.ts"
import { Transport } from "../../src/transport/Transport.ts"
import type { RecordHeaders } from "../../src/wire/RecordHeaders.ts"

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (value: Uint8Array | null): string => new TextDecoder().decode(value ?? new Uint8Array())

export const record = (
  topic: string,
  partition: number,
  value: string,
  headers: RecordHeaders = []
): OutgoingRecord => ({
  topic,
  partition,
  key: null,
  value: bytes(value),
  headers
})

/** A topic that no other test knows. */
export const makeTopic = Effect.fnUntraced(function* (
  partitions: number,
  configs: Readonly<Record<string, string>> = {}
) {
  const name = `kafkajs-${randomUUID()}`
  yield* (yield* Transport).topics.create({ name, partitions, replicationFactor: -1, configs })
  return name
})

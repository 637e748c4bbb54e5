import { createRequire } from "node:module"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import { encodeProduce } from "../../src/protocol/produceCodec.ts"
import type { OutgoingRecord } from "../../src/kafka/KafkaRecord.ts"
import { byPartition, records } from "../kafkajs/arbitraries.ts"

interface StockEncoder {
  readonly buffer: Buffer
}
type StockProduce = (options: object) => { readonly encode: () => Promise<StockEncoder> }

const require = createRequire(import.meta.url)
const stockProduce = require("kafkajs/src/protocol/requests/produce/v7/request") as StockProduce

const options = { timeoutMillis: 4_500, timestamp: 1_795_422_045_589 }

const buffer = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes)

/** What kafkajs sends for the same records. Only for headers that an object can hold: distinct, not like indices. */
const stock = async (batch: ReadonlyArray<OutgoingRecord>): Promise<Buffer> => {
  const topics = Map.groupBy(batch, ({ topic }) => topic)
  const topicData = Array.from(topics, ([topic, ofTopic]) => ({
    topic,
    partitions: Array.from(
      Map.groupBy(ofTopic, ({ partition }) => partition),
      ([partition, ofPartition]) => ({
        partition,
        firstSequence: 0,
        messages: ofPartition.map(({ headers, key, value }) => ({
          key: buffer(key),
          value: buffer(value),
          headers: Object.fromEntries(headers.map(([name, bytes]) => [name, buffer(bytes)])),
          timestamp: options.timestamp
        }))
      })
    )
  }))
  return (await stockProduce({ acks: -1, timeout: options.timeoutMillis, topicData }).encode()).buffer
}

const isKeptByObjects = ({ headers }: OutgoingRecord) => {
  const names = headers.map(([name]) => name)
  return new Set(names).size === names.length && !names.some((name) => /^\d+$/.test(name) || name === "__proto__")
}

describe("produceCodec", () => {
  it.effect.prop(
    "writes the bytes that kafkajs writes",
    [Arbitrary.filter(records, (batch) => batch.every(isKeptByObjects))],
    ([batch]) =>
      Effect.gen(function* () {
        const expected = yield* Effect.tryPromise(() => stock(batch))
        assert.strictEqual(encodeProduce(byPartition(batch), options).toString("hex"), expected.toString("hex"))
      })
  )
})

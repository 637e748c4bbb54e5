/**
 * Every codec, made by the broker and made by us.
 */
import { assert, layer, vi } from "@effect/vitest"
import { sharedBrokers } from "@kafka-request-reply/dev-kafka/SharedBroker"
import * as Effect from "effect/Effect"
import type { Compression } from "../../src/protocol/compression.ts"
import * as KafkajsTransport from "../../src/kafkajs/KafkajsTransport.ts"
import { Transport } from "../../src/kafka/Transport.ts"
import { connect, newContract, serve } from "../suites/requestReply/programs.ts"
import { namesOf } from "../suites/requestReply/topics.ts"
import { publisherOverLink } from "../suites/transport/fixtures.ts"
import { makeTopic, reader, record, takeUntil, text } from "./fixtures.ts"

vi.setConfig({ testTimeout: 30_000 })

const codecs = ["gzip", "snappy", "lz4", "zstd"] as const satisfies ReadonlyArray<Compression>
const options = { brokers: sharedBrokers, clientId: "core-test" }
const values = Array.from({ length: 200 }, (_, index) => `value ${index} ${"abc".repeat(index)}`)

/** Publishes together and reads back. */
const roundTrip = Effect.fnUntraced(function* (configs: Readonly<Record<string, string>>) {
  const topic = yield* makeTopic(1, configs)
  const publisher = yield* publisherOverLink
  const records = yield* reader(topic, 0, "earliest")
  yield* Effect.forEach(values, (value) => publisher.publish(record(topic, 0, value)), { concurrency: "unbounded" })
  const read = yield* takeUntil(records, values)
  assert.deepStrictEqual(read.map(({ value }) => text(value)).toSorted(), values.toSorted())
})

layer(KafkajsTransport.layer(options), { excludeTestServices: true, timeout: "30 seconds" })(
  "topics with a codec of their own",
  (it) => {
    for (const codec of codecs) {
      it.effect(`P10/codecs: what the broker has compressed with ${codec} is read`, () =>
        roundTrip({ "compression.type": codec })
      )

      it.effect(`P10/codecs: calls go over topics whose records the broker compresses with ${codec}`, () =>
        Effect.gen(function* () {
          const { topics } = yield* Transport
          const contract = newContract()
          const { replies, requests } = namesOf(contract)
          for (const name of [requests, replies]) {
            const configs = { "compression.type": codec }
            yield* topics.create({ name, partitions: 1, replicationFactor: -1, configs })
          }
          yield* serve(contract, { Work: ({ id }) => Effect.succeed(`done ${id}`) })
          const { client } = yield* connect(contract)
          const ids = Array.from({ length: 50 }, (_, index) => `${index} ${"abc".repeat(50)}`)
          const done = yield* Effect.forEach(ids, (id) => client.Work({ id }), { concurrency: "unbounded" })
          assert.deepStrictEqual(
            done,
            ids.map((id) => `done ${id}`)
          )
        })
      )
    }
  }
)

for (const codec of codecs) {
  layer(KafkajsTransport.layer({ ...options, compression: codec }), {
    excludeTestServices: true,
    timeout: "30 seconds"
  })(`a transport that compresses with ${codec}`, (it) => {
    it.effect("P10/codecs: is understood by the broker, which expands it, and by us", () =>
      Effect.gen(function* () {
        yield* roundTrip({ "compression.type": "uncompressed" })
        yield* roundTrip({})
      })
    )
  })
}

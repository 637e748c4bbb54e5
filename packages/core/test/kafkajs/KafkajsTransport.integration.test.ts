/**
 * The driver against a real broker: what is its own. The laws of every transport are in `suites/TransportSuite.ts`.
 */
import { assert, describe, it } from "@effect/vitest"
import { sharedBrokers } from "@kafka-request-reply/dev-kafka/SharedBroker"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as KafkajsTransport from "../../src/kafkajs/KafkajsTransport.ts"
import type { ConsumedRecord } from "../../src/transport/KafkaRecord.ts"
import { type AssignedPartition, Transport } from "../../src/transport/Transport.ts"
import { bytes, makeTopic, record } from "./fixtures.ts"

const transport = KafkajsTransport.layer({ brokers: sharedBrokers, clientId: "core-test" })

describe("KafkajsTransport", () => {
  it.live("publishes, reads without a group, reads with one and keeps commits with their metadata", () =>
    Effect.gen(function* () {
      const { joinGroup, publisher, readPartition } = yield* Transport
      const topic = yield* makeTopic(2)
      const read = yield* Queue.unbounded<ConsumedRecord>()
      const { start } = yield* readPartition({
        topic,
        partition: 1,
        from: "end",
        onRecords: (records) => void Queue.offerAllUnsafe(read, records)
      })
      assert.strictEqual(start, 0)
      yield* publisher.publish(record(topic, 1, "one"))
      const first = yield* Queue.take(read)
      assert.deepStrictEqual([first.offset, first.partition], [0, 1])
      assert.deepStrictEqual(Buffer.from(first.value!), Buffer.from(bytes("one")))

      const member = Effect.fnUntraced(function* () {
        const taken = yield* Queue.unbounded<ConsumedRecord>()
        const assigned = yield* Queue.unbounded<ReadonlyArray<AssignedPartition>>()
        const joined = yield* joinGroup({
          groupId: `${topic}.group`,
          topics: [topic],
          onAssigned: (partitions) => void Queue.offerUnsafe(assigned, partitions),
          onRecords: (records) => records.length - Queue.offerAllUnsafe(taken, records).length,
          onRevoking: Effect.void,
          revokeTimeoutMillis: 1_000
        })
        return { joined, taken, assigned: yield* Queue.take(assigned) }
      })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { assigned, joined, taken } = yield* member()
          assert.deepStrictEqual(
            assigned.map(({ committed }) => committed),
            [undefined, undefined]
          )
          assert.strictEqual((yield* Queue.take(taken)).offset, 0)
          yield* joined.commit([{ topic, partition: 1, offset: 1, metadata: "done: 3" }])
        })
      )
      const { assigned } = yield* Effect.scoped(member())
      assert.deepInclude(assigned, { topic, partition: 1, committed: 1, metadata: "done: 3" })
    }).pipe(Effect.scoped, Effect.provide(transport))
  )

  it.live(
    "fails within 5 seconds, naming the brokers, when none answers",
    () =>
      Effect.gen(function* () {
        const layer = KafkajsTransport.layer({ brokers: ["127.0.0.1:1", "127.0.0.1:2"], clientId: "core-test" })
        const exit = yield* Effect.exit(Effect.scoped(Layer.build(layer))).pipe(Effect.timeout("6 seconds"))
        assert.isTrue(Exit.isFailure(exit))
        const error = yield* Effect.flip(exit)
        assert.strictEqual(error.reason._tag, "Unreachable")
        assert.include(error.message, "127.0.0.1:1, 127.0.0.1:2")
      }),
    10_000
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { classifyError } from "../../../src/kafkajs/classifyError.ts"
import type { BuildRequest } from "../../../src/kafkajs/internal/brokerRequests.ts"
import type { ClusterClient } from "../../../src/kafkajs/internal/clusterClient.ts"
import * as ProducerLink from "../../../src/kafkajs/internal/producerLink.ts"
import { because, Unreachable } from "../../../src/kafka/TransportError.ts"
import { makeClient } from "./fakeBroker.ts"

const topic = "orders"
const batchOf = (partition: number) => ({
  topic,
  partition,
  records: [{ topic, partition, key: null, value: Buffer.from("x"), headers: [] }]
})
const batches = [batchOf(0), batchOf(1), batchOf(2)]
const timeoutMillis = 1_000
const produceVersions = { 0: { minVersion: 0, maxVersion: 11 } }

type Send = (build: BuildRequest) => Promise<unknown>

/** A link over connections that send as the test says. */
const linkOver = Effect.fnUntraced(function* (send: Send) {
  const client = yield* makeClient(() => () => Promise.reject(new Error("not asked")))
  const ask: ClusterClient["ask"] = <A>(_connection: unknown, _what: string, build: BuildRequest) =>
    Effect.tryPromise({ try: () => send(build) as Promise<A>, catch: (error) => classifyError(error, { brokers: [] }) })
  return yield* ProducerLink.make({ ...client, ask })
})

/** Takes the bytes, as a connection does that is there. */
const written =
  (answer: () => Promise<unknown>): Send =>
  async (build) => {
    await build(produceVersions).request.encode()
    return answer()
  }

const lost = () => Promise.reject(Object.assign(new Error("lost"), { name: "KafkaJSConnectionClosedError" }))

describe("P4/certainty: a produce request over kafkajs", () => {
  it.effect("gets a verdict for each partition, in the order asked", () =>
    Effect.gen(function* () {
      const partitions = [
        { partition: 1, errorCode: 19 },
        { partition: 0, errorCode: 0 }
      ]
      const answer = { topics: [{ topicName: topic, partitions }], clientSideThrottleTime: 250 }
      const link = yield* linkOver(written(() => Promise.resolve(answer)))
      const { throttleMillis, verdicts } = yield* link.send(0, batches, timeoutMillis)
      assert.deepStrictEqual(
        verdicts.map(({ _tag }) => _tag),
        ["Written", "NotWritten", "Unknown"]
      )
      assert.strictEqual(throttleMillis, 250)
    })
  )

  it.effect("that fails before its bytes were given to a connection wrote nothing; afterwards nobody knows", () =>
    Effect.gen(function* () {
      const before = yield* linkOver(lost)
      assert.strictEqual((yield* Effect.flip(before.send(0, batches, timeoutMillis)))._tag, "NotWritten")
      const after = yield* linkOver(written(lost))
      assert.strictEqual((yield* Effect.flip(after.send(0, batches, timeoutMillis)))._tag, "Unknown")
    })
  )

  it.effect("to a broker that cannot be connected to wrote nothing", () =>
    Effect.gen(function* () {
      const client = yield* makeClient(() => () => Promise.reject(new Error("not asked")))
      const refused = because(new Unreachable({ brokers: ["b:1"], detail: "ECONNREFUSED" }))
      const link = yield* ProducerLink.make({ ...client, connect: () => Effect.fail(refused) })
      const failure = yield* Effect.flip(link.send(0, batches, timeoutMillis))
      assert.deepStrictEqual([failure._tag, failure.error], ["NotWritten", refused])
    })
  )
})

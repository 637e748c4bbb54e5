import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import type { Broker, ProtocolRequest } from "../../../src/kafkajs/internal/kafkajsInternals.ts"
import * as ProducerLink from "../../../src/kafkajs/internal/producerLink.ts"
import { because, type TransportError, Unreachable } from "../../../src/kafka/TransportError.ts"
import { makeClient } from "./fakeBroker.ts"

const topic = "orders"
const batchOf = (partition: number) => ({
  topic,
  partition,
  records: [{ topic, partition, key: null, value: Buffer.from("x"), headers: [] }]
})
const batches = [batchOf(0), batchOf(1), batchOf(2)]
const timeoutMillis = 1_000

type Send = (protocol: ProtocolRequest) => Promise<unknown>

/** A link over a broker whose connection sends as the test says and is to be quiet until then, epoch milliseconds. */
const linkOver = Effect.fnUntraced(function* (send: Send, quiet = { until: -1 }) {
  const client = yield* makeClient(() => () => Promise.reject(new Error("not asked")))
  const connect = (nodeId: number): Effect.Effect<Broker, TransportError> =>
    Effect.map(client.broker(nodeId), (broker) => {
      const requestQueue = {
        pending: [],
        scheduleCheckPendingRequests: () => {},
        get throttledUntil() {
          return quiet.until
        }
      }
      const connection = { requestQueue } as unknown as Broker["connectionPool"]["pool"][number]
      return { ...broker, connectionPool: { ...broker.connectionPool, pool: [connection], send } }
    })
  return yield* ProducerLink.make({ ...client, broker: connect })
})

/** Takes the bytes, as a connection does that is there. */
const written: (answer: () => Promise<unknown>) => Send = (answer) => async (protocol) => {
  await protocol.request.encode()
  return answer()
}

const lost = () => Promise.reject(Object.assign(new Error("lost"), { name: "KafkaJSConnectionClosedError" }))
const never = new Promise<never>(() => {})

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
      const client = yield* makeClient(() => () => never)
      const refused = because(new Unreachable({ brokers: ["b:1"], detail: "ECONNREFUSED" }))
      const link = yield* ProducerLink.make({ ...client, broker: () => Effect.fail(refused) })
      const failure = yield* Effect.flip(link.send(0, batches, timeoutMillis))
      assert.deepStrictEqual([failure._tag, failure.error], ["NotWritten", refused])
    })
  )

  it.effect("is unknown after silence, and a quiet that the broker asked for is none", () =>
    Effect.gen(function* () {
      const quiet = { until: -1 }
      const link = yield* linkOver(
        written(() => never),
        quiet
      )
      const sending = yield* Effect.forkChild(Effect.flip(link.send(0, batches, timeoutMillis)), {
        startImmediately: true
      })
      quiet.until = (yield* Clock.currentTimeMillis) + 5_000
      yield* TestClock.adjust("5900 millis")
      assert.isUndefined(sending.pollUnsafe())
      yield* TestClock.adjust("200 millis")
      const failure = yield* Fiber.join(sending)
      assert.deepStrictEqual([failure._tag, failure.error.reason._tag], ["Unknown", "NoAnswer"])
    })
  )

  it.effect("is not given to a connection that has to be quiet, and wrote nothing", () =>
    Effect.gen(function* () {
      let sends = 0
      const quiet = { until: (yield* Clock.currentTimeMillis) + 5_000 }
      const link = yield* linkOver(() => {
        sends++
        return never
      }, quiet)
      const failure = yield* Effect.flip(link.send(0, batches, timeoutMillis))
      assert.deepStrictEqual([failure._tag, sends], ["NotWritten", 0])
      assert.include(failure.error.message, "THROTTLED")
    })
  )
})

/**
 * What one partition's trouble costs the others, on real brokers. Figures are printed; only gross failures fail.
 */
import { KafkaCluster } from "@kafka-request-reply/dev-kafka/KafkaCluster"
import { assert, layer } from "@effect/vitest"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KafkajsTransport from "../../src/kafkajs/KafkajsTransport.ts"
import { Transport } from "../../src/kafka/Transport.ts"
import { Awaited } from "../publisher/Awaited.ts"
import { publisherOverLink } from "../suites/transport/fixtures.ts"
import { record } from "./fixtures.ts"

const transport = Layer.unwrap(
  Effect.map(KafkaCluster, ({ brokers }) => KafkajsTransport.layer({ brokers, clientId: "core-test" }))
)
const over = (brokers: 1 | 3) => transport.pipe(Layer.provideMerge(KafkaCluster.layer({ brokers })))

const median = (times: ReadonlyArray<number>): number => times.toSorted((a, b) => a - b)[times.length >> 1]!

layer(over(3), { excludeTestServices: true, timeout: "90 seconds" })("three brokers, one of them gone", (it) => {
  it.effect(
    "P11/partition: one below its min.insync.replicas slows no other one of its leader",
    () =>
      Effect.gen(function* () {
        const { broker } = yield* KafkaCluster
        const { link, topics } = yield* Transport
        const publisher = yield* publisherOverLink
        const spec = { partitions: 3, replicationFactor: 3 }
        yield* topics.create({ ...spec, name: "bad", configs: { "min.insync.replicas": "3" } })
        yield* topics.create({ ...spec, name: "good", configs: { "min.insync.replicas": "1" } })
        for (const partition of [0, 1, 2]) yield* publisher.publish(record("good", partition, "first"), 20_000)
        yield* broker(2).kill
        const refusal = yield* Effect.flip(publisher.publish(record("bad", 0, "x"), 5_000)).pipe(
          Effect.repeat({ until: ({ message }) => message.includes("NOT_ENOUGH_REPLICAS"), times: 10 })
        )
        assert.include(refusal.message, "NOT_ENOUGH_REPLICAS")
        yield* link.refresh
        const leader = link.leaderOf("bad", 0)
        const good = [0, 1, 2].find((partition) => link.leaderOf("good", partition) === leader)
        assert.isDefined(good)
        const measure = Effect.gen(function* () {
          const times: Array<number> = []
          for (let i = 0; i < 100; i++) {
            const before = performance.now()
            yield* publisher.publish(record("good", good, "x"), 20_000)
            times.push(performance.now() - before)
          }
          return median(times)
        })
        yield* measure
        const alone = yield* measure
        const stuck = new Awaited(record("bad", 0, "x"), Number.POSITIVE_INFINITY)
        publisher.offer(stuck)
        const beside = yield* measure
        yield* Console.log(
          `p50 of a write: ${alone.toFixed(2)} ms alone, ${beside.toFixed(2)} ms beside a refused partition`
        )
        assert.strictEqual(stuck.delivery, "not-sent")
        assert.isBelow(beside, alone * 3)
      }),
    90_000
  )
})

layer(over(1), { excludeTestServices: true, timeout: "60 seconds" })("a topic that takes small batches only", (it) => {
  it.effect(
    "keeps most of its throughput: the size is learnt once",
    () =>
      Effect.gen(function* () {
        const { topics } = yield* Transport
        const publisher = yield* publisherOverLink
        const configs = { small: { "max.message.bytes": "16384" }, large: {} } as const
        const value = "x".repeat(1_024)
        for (const name of ["small", "large"] as const) {
          yield* topics.create({ name, partitions: 6, replicationFactor: 1, configs: configs[name] })
        }
        const rounds = 60
        const measure = Effect.fnUntraced(function* (topic: string) {
          const before = performance.now()
          for (let round = 0; round < rounds; round++) {
            const calls = Array.from({ length: 512 }, (_, i) => publisher.publish(record(topic, i % 6, value), 20_000))
            yield* Effect.all(calls, { concurrency: "unbounded", discard: true })
          }
          return (rounds * 512_000) / (performance.now() - before)
        })
        for (const topic of ["small", "large"]) yield* measure(topic)
        const shares: Array<number> = []
        for (let pair = 0; pair < 3; pair++) {
          const large = yield* measure("large")
          const small = yield* measure("small")
          shares.push(small / large)
          yield* Console.log(
            `${Math.round(large)} records/s by default, ${Math.round(small)} with max.message.bytes=16384`
          )
        }
        yield* Console.log(`share: ${Math.round(median(shares) * 100)} %`)
        assert.isAbove(median(shares), 0.4)
      }),
    120_000
  )
})

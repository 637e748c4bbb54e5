/**
 * What three brokers can take from their clients: the end of a log, and the leader of the partition they hear by.
 */
import { assert, layer } from "@effect/vitest"
import { KafkaCluster } from "@kafka-request-reply/dev-kafka/KafkaCluster"
import { probe } from "@kafka-request-reply/dev-kafka/KafkaProbe"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as KafkajsTransport from "../../src/kafkajs/KafkajsTransport.ts"
import { toSettings } from "../../src/kafkajs/internal/clientSettings.ts"
import * as ClusterClient from "../../src/kafkajs/internal/clusterClient.ts"
import { protocolRequest } from "../../src/kafkajs/internal/kafkajsInternals.ts"
import { Transport } from "../../src/kafka/Transport.ts"
import * as HeaderNames from "../../src/wire/HeaderNames.ts"
import * as RecordHeaders from "../../src/wire/RecordHeaders.ts"
import { connect, newContract, serve } from "../suites/requestReply/programs.ts"
import { namesOf } from "../suites/requestReply/topics.ts"
import { publisherWith } from "../suites/transport/fixtures.ts"
import { member, reader, record, takeUntil } from "./fixtures.ts"

const transport = Layer.unwrap(
  Effect.map(KafkaCluster, ({ brokers }) => KafkajsTransport.layer({ brokers, clientId: "core-test" }))
)
// A dead broker loses its partitions after this long.
const settings = { "broker.session.timeout.ms": "4000" }
const cluster = transport.pipe(Layer.provideMerge(KafkaCluster.layer({ brokers: 3, settings })))
const patienceMillis = 60_000
const names = (what: string, count: number) => Array.from({ length: count }, (_, i) => `${what} ${i}`)

interface Replicas {
  readonly topicMetadata: ReadonlyArray<{
    readonly partitionMetadata: ReadonlyArray<{ readonly leader: number; readonly replicas: ReadonlyArray<number> }>
  }>
}

/** The brokers that have a copy of the first partition, the leader first. */
const replicasOf = (brokers: ReadonlyArray<string>, topic: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const client = yield* ClusterClient.make(toSettings({ brokers, clientId: "core-test" }))
      yield* client.untilStarted(client.refresh)
      const { topicMetadata } = yield* client.askAny("replicas", (connection) =>
        client.ask<Replicas>(connection, "replicas", (versions) =>
          protocolRequest(versions, "Metadata", { topics: [topic], allowAutoTopicCreation: false })
        )
      )
      const { leader, replicas } = topicMetadata[0]!.partitionMetadata[0]!
      return [leader, ...replicas.filter((id) => id !== leader)]
    })
  )

layer(cluster, { excludeTestServices: true, timeout: "90 seconds" })("three brokers", (it) => {
  it.effect(
    "P6/offset: what is written where a log was cut off is handed over, though more was committed before",
    () =>
      Effect.gen(function* () {
        const { broker, brokers } = yield* KafkaCluster
        const { topics } = yield* Transport
        const topic = `cut-${crypto.randomUUID()}`
        const configs = { "unclean.leader.election.enable": "true", "min.insync.replicas": "1" }
        yield* topics.create({ name: topic, partitions: 1, replicationFactor: 2, configs })
        const publisher = yield* publisherWith({ sendTimeout: "2 seconds" })
        const publishAll = (values: ReadonlyArray<string>) =>
          Effect.forEach(values, (value) => publisher.publish(record(topic, 0, value), patienceMillis))
        yield* publishAll(names("kept", 5))
        const [leader, follower] = yield* replicasOf(brokers, topic)
        yield* Effect.addFinalizer(() => Effect.ignore(broker(leader!).start))
        const committed = yield* Effect.scoped(
          Effect.gen(function* () {
            const group = yield* member(`${topic}.group`, topic)
            yield* takeUntil(group.records, names("kept", 5))
            yield* broker(follower!).kill
            yield* publishAll(names("lost", 3))
            const taken = yield* takeUntil(group.records, names("lost", 3))
            const { leaderEpoch, offset } = taken.at(-1)!
            const commit = group.commit([{ topic, partition: 0, offset: offset + 1, metadata: "", leaderEpoch }])
            yield* Effect.retry(commit, { times: 100, schedule: Schedule.spaced("100 millis") })
            return offset + 1
          })
        )
        yield* broker(leader!).kill
        yield* broker(follower!).start
        // More than were lost, some of which may have been written twice.
        const anew = names("new", 30)
        yield* publishAll(anew)
        const group = yield* member(`${topic}.group`, topic)
        const [assigned] = yield* Queue.take(group.assignments)
        assert.strictEqual(assigned?.committed, committed)
        const taken = yield* takeUntil(group.records, anew)
        assert.strictEqual(taken[0]?.offset, 5)
        assert.isAbove(taken.at(-1)!.offset, committed)
      }),
    patienceMillis * 2
  )

  it.effect(
    "P11/hearing: a requester whose reply partition has lost its only broker names another one",
    () =>
      Effect.gen(function* () {
        const { broker, brokers } = yield* KafkaCluster
        const { topics } = yield* Transport
        const contract = newContract()
        const { replies, requests } = namesOf(contract)
        yield* topics.create({ name: requests, partitions: 1, replicationFactor: 3, configs: {} })
        yield* topics.create({ name: replies, partitions: 3, replicationFactor: 1, configs: {} })
        yield* serve(contract, { Find: ({ id }) => Effect.succeed(`found ${id}`) })
        const { client } = yield* connect(contract)
        const records = yield* reader(requests, 0, "earliest")
        const named = Effect.map(Queue.take(records), ({ headers }) =>
          Buffer.from(RecordHeaders.last(headers, HeaderNames.replyPartition)!).readInt32BE()
        )
        assert.strictEqual(yield* client.Find({ id: "before" }), "found before")
        const before = yield* named
        const leaders = (yield* probe(brokers[0]!)).topics.find(({ name }) => name === replies)!.leaders
        yield* Effect.addFinalizer(() => Effect.ignore(broker(leaders[before]!).start))
        yield* broker(leaders[before]!).kill
        // One that is asked while nobody has noticed yet may end with its deadline.
        const found = Effect.timeout(client.Find({ id: "after" }), "5 seconds")
        assert.strictEqual(yield* Effect.retry(found, { times: 5 }), "found after")
        yield* client.Find({ id: "last" })
        yield* Effect.repeat(named, { until: (partition) => partition !== before }).pipe(Effect.timeout("20 seconds"))
      }),
    patienceMillis * 2
  )
})

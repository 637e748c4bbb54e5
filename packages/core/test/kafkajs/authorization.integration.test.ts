/** A cluster that refuses this client a topic or a group. */
import { assert, layer } from "@effect/vitest"
import { KafkaCluster } from "@kafka-request-reply/dev-kafka/KafkaCluster"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { toSettings } from "../../src/kafkajs/internal/clientSettings.ts"
import * as ClusterClient from "../../src/kafkajs/internal/clusterClient.ts"
import { askController } from "../../src/kafkajs/internal/topicAdmin.ts"
import * as KafkajsTransport from "../../src/kafkajs/KafkajsTransport.ts"
import { Transport } from "../../src/kafka/Transport.ts"
import type { TransportError } from "../../src/kafka/TransportError.ts"
import { makeTopic, member, reader, record } from "./fixtures.ts"
import { publisherOverLink } from "../suites/transport/fixtures.ts"

const clientId = "core-test"
const settings = {
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "allow.everyone.if.no.acl.found": "true"
}
const transport = Layer.unwrap(Effect.map(KafkaCluster, ({ brokers }) => KafkajsTransport.layer({ brokers, clientId })))
const cluster = transport.pipe(Layer.provideMerge(KafkaCluster.layer({ brokers: 1, settings })))

const [topicResource, groupResource, literal, all, deny] = [2, 3, 3, 2, 2]

/** Denies everyone everything about a topic or a group. */
const denyAll = Effect.fnUntraced(function* (resourceType: number, resourceName: string) {
  const { brokers } = yield* KafkaCluster
  const client = yield* ClusterClient.make(toSettings({ brokers, clientId }))
  const entry = { resourceType, resourceName, resourcePatternType: literal, principal: "User:*" }
  const acl = [{ ...entry, host: "*", operation: all, permissionType: deny }]
  yield* client.untilStarted(askController(client, "CreateAcls", { creations: acl }))
}, Effect.scoped)

layer(cluster, { excludeTestServices: true, timeout: "60 seconds" })("what is denied", (it) => {
  it.effect(
    "is not called an empty group",
    () =>
      Effect.gen(function* () {
        const { groupSize } = yield* Transport
        yield* denyAll(groupResource, "shop.responder")
        // The broker learns of it a little later.
        const error = yield* groupSize("shop.responder").pipe(
          Effect.repeat(Schedule.spaced("50 millis")),
          Effect.retry({ while: (error) => error.isRetryable, schedule: Schedule.spaced("50 millis") }),
          Effect.flip
        )
        assert.strictEqual(error.reason._tag, "NotAuthorized")
      }),
    60_000
  )

  it.effect(
    "is not called a missing topic",
    () =>
      Effect.gen(function* () {
        const { topics } = yield* Transport
        const publisher = yield* publisherOverLink
        const topic = yield* makeTopic(1)
        yield* denyAll(topicResource, topic)
        // The broker learns of it a little later.
        yield* topics.describe([topic]).pipe(Effect.repeat(Schedule.spaced("50 millis")), Effect.flip)
        const tries: Readonly<Record<string, Effect.Effect<unknown, TransportError>>> = {
          describe: topics.describe([topic]),
          create: topics.create({ name: topic, partitions: 1, replicationFactor: -1, configs: {} }),
          partitions: publisher.partitions(topic),
          publish: publisher.publish(record(topic, 0, "x")),
          read: Effect.scoped(Effect.provide(reader(topic, 0, "end"), Layer.succeed(Transport, yield* Transport))),
          join: Effect.scoped(Effect.provide(member("group", topic), Layer.succeed(Transport, yield* Transport)))
        }
        for (const [what, attempt] of Object.entries(tries)) {
          assert.deepStrictEqual([what, (yield* Effect.flip(attempt)).reason._tag], [what, "NotAuthorized"])
        }
      }),
    60_000
  )
})

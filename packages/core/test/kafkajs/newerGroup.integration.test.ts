/**
 * Groups of the consumer protocol of KIP-848, as brokers since Kafka 4.0 have them beside the classic ones.
 */
import { assert, layer } from "@effect/vitest"
import { sharedBrokers } from "@kafka-request-reply/dev-kafka/SharedBroker"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as KafkajsTransport from "../../src/kafkajs/KafkajsTransport.ts"
import { toSettings } from "../../src/kafkajs/internal/clientSettings.ts"
import * as ClusterClient from "../../src/kafkajs/internal/clusterClient.ts"
import { findCoordinator } from "../../src/kafkajs/internal/groupDescription.ts"
import { ownRequest } from "../../src/kafkajs/internal/kafkajsInternals.ts"
import { Transport } from "../../src/kafka/Transport.ts"
import { ByteReader } from "../../src/protocol/byteReader.ts"
import { ByteWriter } from "../../src/protocol/byteWriter.ts"
import { makeTopic } from "./fixtures.ts"

const options = { brokers: sharedBrokers, clientId: "core-test" }

// ConsumerGroupHeartbeat.
const heartbeatKey = 68
const joins = 0
const leaves = -1

const heartbeat = (groupId: string, memberId: string, memberEpoch: number, topic: string): Buffer => {
  const out = new ByteWriter(256)
  out.noTags()
  out.compactText(groupId)
  out.compactText(memberId)
  out.int32(memberEpoch)
  // instance_id and rack_id: null
  out.unsignedVarInt(0)
  out.unsignedVarInt(0)
  out.int32(30_000)
  out.compactLength(1)
  out.compactText(topic)
  // server_assignor: null; topic_partitions: none
  out.unsignedVarInt(0)
  out.compactLength(0)
  out.noTags()
  return out.written
}

const memberIn = (bytes: Buffer) => {
  const reader = new ByteReader(bytes)
  reader.skipTags()
  reader.int32()
  const errorCode = reader.int16()
  reader.compactText()
  return { errorCode, memberId: reader.compactText() }
}

layer(KafkajsTransport.layer(options), { excludeTestServices: true, timeout: "30 seconds" })(
  "a group of the newer protocol",
  (it) => {
    it.effect(
      "P4/certainty: is not taken for an empty one",
      () =>
        Effect.gen(function* () {
          const { groupSize } = yield* Transport
          const topic = yield* makeTopic(1)
          const group = `${topic}.group`
          // A broker that has just started may have no coordinators yet.
          const before = Effect.retry(groupSize(group), { times: 100, schedule: Schedule.spaced("100 millis") })
          assert.strictEqual(yield* before, 0)
          const client = yield* ClusterClient.make(toSettings(options))
          yield* client.untilStarted(client.refresh)
          const connection = yield* client.connect(yield* findCoordinator(client, group), "member")
          const beat = (memberId: string, epoch: number) =>
            client.ask<ReturnType<typeof memberIn>>(connection, "heartbeat", () => {
              const request = ownRequest("Heartbeat", 0, () => heartbeat(group, memberId, epoch, topic), memberIn)
              return {
                ...request,
                request: { ...request.request, apiKey: heartbeatKey, apiName: "ConsumerGroupHeartbeat" }
              }
            })
          const { errorCode, memberId } = yield* beat("", joins)
          assert.strictEqual(errorCode, 0)
          assert.strictEqual(yield* groupSize(group), 1)
          yield* beat(memberId, leaves)
          assert.strictEqual(yield* groupSize(group), 0)
        }).pipe(Effect.scoped),
      30_000
    )
  }
)

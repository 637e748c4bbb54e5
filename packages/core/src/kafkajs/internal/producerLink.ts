/**
 * The publisher's way to the brokers: one produce request per batch, straight to its leader.
 *
 * kafkajs' own producer is passed by, and with it the hazards of its retries: L1 (a retry that loses the partitions whose
 * leader moved), L2 (sequence numbers used twice after a lost acknowledgement: the producer is not idempotent) and L3
 * (records for an unknown partition dropped without a word).
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { OutgoingRecord } from "../../kafka/KafkaRecord.ts"
import type { PartitionAck, ProducerLink } from "../../kafka/ProducerLink.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import { classifyError } from "../classifyError.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { createErrorFromCode, protocolRequest, withBody } from "./kafkajsInternals.ts"
import { encodeProduce } from "../../protocol/produceCodec.ts"

interface ProduceResponse {
  readonly topics: ReadonlyArray<{
    readonly topicName: string
    readonly partitions: ReadonlyArray<{ readonly partition: number; readonly errorCode: number }>
  }>
}

/** The broker gives up on slow replicas a little before the answer is given up on, so that its verdict still arrives. */
const brokerShare = 0.9

const purpose = "produce"

export const make = Effect.fnUntraced(function* (client: ClusterClient): Effect.fn.Return<ProducerLink> {
  const clock = yield* Clock.Clock
  const { brokers } = client.settings
  const { metadata } = client

  const toAcks = ({ topics }: ProduceResponse): ReadonlyArray<PartitionAck> =>
    topics.flatMap(({ partitions, topicName: topic }) =>
      partitions.map(({ errorCode, partition }): PartitionAck => {
        if (errorCode === 0) return { topic, partition }
        return { topic, partition, error: classifyError(createErrorFromCode(errorCode), { brokers, topic }) }
      })
    )

  const partitions = (topic: string): Effect.Effect<number, TransportError> =>
    Effect.suspend(() => {
      const known = metadata.partitions(topic)
      if (known !== undefined) return Effect.succeed(known)
      metadata.register(topic)
      return Effect.flatMap(client.refresh, () => {
        const found = metadata.partitions(topic)
        return found === undefined ? Effect.fail(client.withoutTopic(topic)) : Effect.succeed(found)
      })
    })

  const sendTo = Effect.fnUntraced(function* (
    leader: number,
    batch: ReadonlyArray<OutgoingRecord>,
    timeoutMillis: number
  ) {
    const connection = yield* client.connect(leader, purpose, timeoutMillis)
    const options = {
      timeoutMillis: Math.floor(timeoutMillis * brokerShare),
      timestamp: clock.currentTimeMillisUnsafe(),
      compression: client.settings.compression
    }
    // kafkajs' part is the header and the answer; the body is ours.
    const answer = yield* client.ask<ProduceResponse>(
      connection,
      `writing to broker ${leader}`,
      (versions) =>
        withBody(protocolRequest(versions, "Produce", { acks: -1, topicData: [] }), () =>
          encodeProduce(batch, options)
        ),
      { timeoutMillis }
    )
    return toAcks(answer)
  })

  return {
    partitions,
    leaderOf: (topic, partition) => metadata.leaderOf(topic, partition),
    refresh: client.refresh,
    send: (batch, timeoutMillis) =>
      Effect.suspend(() => {
        const [first] = batch
        if (first === undefined) return Effect.succeed([])
        return sendTo(metadata.leaderOf(first.topic, first.partition), batch, timeoutMillis)
      })
  }
})

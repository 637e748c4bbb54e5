/**
 * The publisher's way to the brokers: one produce request per batch, straight to its leader.
 *
 * kafkajs' own producer is passed by, and with it the hazards of its retries: L1 (a retry that loses the partitions whose
 * leader moved), L2 (sequence numbers used twice after a lost acknowledgement: the producer is not idempotent) and L3
 * (records for an unknown partition dropped without a word).
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { OutgoingRecord } from "../../transport/KafkaRecord.ts"
import type { PartitionAck, ProducerLink } from "../../transport/ProducerLink.ts"
import { because, NoSuchTopic, type TransportError } from "../../transport/TransportError.ts"
import { classifyError } from "../classifyError.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { ask, createErrorFromCode, protocolRequest } from "./kafkajsInternals.ts"
import { toMessage } from "./records.ts"

interface ProduceResponse {
  readonly topics: ReadonlyArray<{
    readonly topicName: string
    readonly partitions: ReadonlyArray<{ readonly partition: number; readonly errorCode: number }>
  }>
}

/** Groups a batch by topic and partition, keeping the order of the records of each. */
const topicData = (batch: ReadonlyArray<OutgoingRecord>) => {
  const topics = new Map<string, Map<number, Array<ReturnType<typeof toMessage>>>>()
  for (const record of batch) {
    let partitions = topics.get(record.topic)
    if (partitions === undefined) topics.set(record.topic, (partitions = new Map()))
    const messages = partitions.get(record.partition)
    if (messages === undefined) partitions.set(record.partition, [toMessage(record)])
    else messages.push(toMessage(record))
  }
  return Array.from(topics, ([topic, partitions]) => ({
    topic,
    partitions: Array.from(partitions, ([partition, messages]) => ({ partition, firstSequence: 0, messages }))
  }))
}

/** The broker gives up on slow replicas a little before the answer is given up on, so that its verdict still arrives. */
const brokerShare = 0.9

const metadataAge = "1 minute"

export const make = Effect.fnUntraced(function* (
  client: ClusterClient
): Effect.fn.Return<ProducerLink, never, Scope.Scope> {
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
        return found === undefined ? Effect.fail(because(new NoSuchTopic({ topic }))) : Effect.succeed(found)
      })
    })

  yield* client.refresh.pipe(Effect.ignore, Effect.delay(metadataAge), Effect.forever, Effect.forkScoped)

  return {
    partitions,
    leaderOf: (topic, partition) => metadata.leaderOf(topic, partition),
    refresh: client.refresh,
    send: (batch, timeoutMillis) =>
      Effect.suspend(() => {
        const [first] = batch
        if (first === undefined) return Effect.succeed([])
        const { partition, topic } = first
        return client.broker(metadata.leaderOf(topic, partition)).pipe(
          Effect.flatMap((broker) =>
            client.call(
              `writing to broker ${broker.nodeId}`,
              () => {
                const payload = {
                  acks: -1,
                  timeout: Math.floor(timeoutMillis * brokerShare),
                  topicData: topicData(batch)
                }
                return ask<ProduceResponse>(broker, protocolRequest(broker, "Produce", payload))
              },
              { timeoutMillis, topic }
            )
          ),
          Effect.map(toAcks)
        )
      })
  }
})

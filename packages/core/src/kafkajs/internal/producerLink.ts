/**
 * The publisher's way to the brokers: one produce request per batch, straight to its leader.
 *
 * It does not use kafkajs' producer, and so avoids the hazards of its retries: L1 (a retry loses the partitions whose leader
 * moved), L2 (sequence numbers are used twice after a lost acknowledgement: the producer is not idempotent) and L3 (records for
 * an unknown partition are dropped silently).
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { PartitionBatch, Produced, ProducerLink } from "../../kafka/ProducerLink.ts"
import { because, type TransportError, Unacknowledged } from "../../kafka/TransportError.ts"
import * as Verdict from "../../kafka/Verdict.ts"
import { classifyError } from "../classifyError.ts"
import type { BrokerConnection } from "./brokerConnection.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { createErrorFromCode, protocolRequest, withBody } from "./kafkajsInternals.ts"
import { encodeProduce } from "../../protocol/produceCodec.ts"

interface ProduceResponse {
  readonly topics: ReadonlyArray<{
    readonly topicName: string
    readonly partitions: ReadonlyArray<{ readonly partition: number; readonly errorCode: number }>
  }>
  /** How long the broker wants no requests: since version 6 it answers at once and the client has to wait (KIP-219). */
  readonly clientSideThrottleTime?: number
}

/** The broker's share of the timeout: it gives up on slow replicas first, so that its verdict still arrives in time. */
const brokerShare = 0.9

const purpose = "produce"
/** A broker answers in turn: while a write waits for slow replicas, other writes go over this second connection. */
const besidePurpose = "produce beside"
const slowMillis = 250

const verdictOf = (topic: string, errorCode: number, brokers: ReadonlyArray<string>): Verdict.Verdict =>
  errorCode === 0
    ? Verdict.written
    : Verdict.ofRefusal(classifyError(createErrorFromCode(errorCode), { brokers, topic }))

/** An answer may lack a partition (hazard L3): its verdict is unknown. `brokers` is the bootstrap list, for the errors. */
const toProduced = (
  batches: ReadonlyArray<PartitionBatch>,
  answer: ProduceResponse,
  brokers: ReadonlyArray<string>
): Produced => {
  const codes = new Map<string, Map<number, number>>()
  for (const { partitions, topicName } of answer.topics) {
    codes.set(topicName, new Map(partitions.map(({ errorCode, partition }) => [partition, errorCode])))
  }
  const verdicts = batches.map(({ partition, topic }) => {
    const code = codes.get(topic)?.get(partition)
    return code === undefined
      ? Verdict.unknown(because(new Unacknowledged({ topic, partition })))
      : verdictOf(topic, code, brokers)
  })
  return { verdicts, throttleMillis: answer.clientSideThrottleTime ?? 0 }
}

export const make = Effect.fnUntraced(function* (client: ClusterClient): Effect.fn.Return<ProducerLink> {
  const clock = yield* Clock.Clock
  const { brokers } = client.settings
  const { metadata } = client

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

  const produce = (
    connection: BrokerConnection,
    leader: number,
    batches: ReadonlyArray<PartitionBatch>,
    timeoutMillis: number
  ): Effect.Effect<Produced, Verdict.Unwritten> =>
    Effect.suspend(() => {
      const options = {
        timeoutMillis: Math.floor(timeoutMillis * brokerShare),
        timestamp: clock.currentTimeMillisUnsafe(),
        compression: client.settings.compression
      }
      // The request is encoded in the turn in which it is written to the socket: from then on it may have been sent.
      let mayBeOut = false
      const encode = () => {
        mayBeOut = true
        return encodeProduce(batches, options)
      }
      return client
        .ask<ProduceResponse>(
          connection,
          `writing to broker ${leader}`,
          // kafkajs encodes the header and decodes the answer; the body comes from `encodeProduce`.
          (versions) => withBody(protocolRequest(versions, "Produce", { acks: -1, topicData: [] }), encode),
          { timeoutMillis }
        )
        .pipe(
          Effect.map((response) => toProduced(batches, response, brokers)),
          Effect.mapError((error) => (mayBeOut ? Verdict.unknown(error) : Verdict.notWritten(error)))
        )
    })

  const connect = (leader: number, timeoutMillis: number) =>
    Effect.flatMap(client.connect(leader, purpose, timeoutMillis), (connection) =>
      connection.owedMillis > slowMillis
        ? client.connect(leader, besidePurpose, timeoutMillis)
        : Effect.succeed(connection)
    )

  const send: ProducerLink["send"] = (leader, batches, timeoutMillis) =>
    connect(leader, timeoutMillis).pipe(
      Effect.mapError(Verdict.notWritten),
      Effect.flatMap((connection) => produce(connection, leader, batches, timeoutMillis))
    )

  return {
    partitions,
    leaderOf: (topic, partition) => metadata.leaderOf(topic, partition),
    refresh: client.refresh,
    send
  }
})

/**
 * The publisher's way to the brokers: one produce request per batch, straight to its leader.
 *
 * kafkajs' own producer is passed by, and with it the hazards of its retries: L1 (a retry that loses the partitions whose
 * leader moved), L2 (sequence numbers used twice after a lost acknowledgement: the producer is not idempotent) and L3
 * (records for an unknown partition dropped without a word).
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { PartitionBatch, Produced, ProducerLink } from "../../kafka/ProducerLink.ts"
import { because, NoAnswer, type TransportError, Unacknowledged, Unavailable } from "../../kafka/TransportError.ts"
import * as Verdict from "../../kafka/Verdict.ts"
import { classifyError } from "../classifyError.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { ask, type Broker, createErrorFromCode, protocolRequest, quietMillis, withBody } from "./kafkajsInternals.ts"
import { encodeProduce } from "../../protocol/produceCodec.ts"

interface ProduceResponse {
  readonly topics: ReadonlyArray<{
    readonly topicName: string
    readonly partitions: ReadonlyArray<{ readonly partition: number; readonly errorCode: number }>
  }>
  /** How long the broker asks to be left alone: since version 6 without holding the answer back (KIP-219). */
  readonly clientSideThrottleTime?: number
}

const throttled = (leader: number, millis: number): TransportError => {
  const detail = `broker ${leader} asked this client to pause for ${Math.ceil(millis)} ms more, which is over its quota`
  return because(new Unavailable({ code: "THROTTLED", detail }))
}

/** The broker gives up on slow replicas a little before the answer is given up on, so that its verdict still arrives. */
const brokerShare = 0.9

const metadataAge = "1 minute"

export const make = Effect.fnUntraced(function* (
  client: ClusterClient
): Effect.fn.Return<ProducerLink, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const { brokers } = client.settings
  const { metadata } = client

  const verdictOf = (topic: string, errorCode: number): Verdict.Verdict =>
    errorCode === 0
      ? Verdict.written
      : Verdict.ofRefusal(classifyError(createErrorFromCode(errorCode), { brokers, topic }))

  /** kafkajs' answers can pass over a partition (hazard L3). */
  const toProduced = (batches: ReadonlyArray<PartitionBatch>, answer: ProduceResponse): Produced => {
    const codes = new Map<string, Map<number, number>>()
    for (const { partitions, topicName } of answer.topics) {
      codes.set(topicName, new Map(partitions.map(({ errorCode, partition }) => [partition, errorCode])))
    }
    const verdicts = batches.map(({ partition, topic }) => {
      const code = codes.get(topic)?.get(partition)
      return code === undefined
        ? Verdict.unknown(because(new Unacknowledged({ topic, partition })))
        : verdictOf(topic, code)
    })
    return { verdicts, throttleMillis: answer.clientSideThrottleTime ?? 0 }
  }

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

  /** Fails when the broker has been silent for so long, whatever it was given; a quiet that it asked for does not count. */
  const silence = (broker: Broker, timeoutMillis: number): Effect.Effect<never, TransportError> => {
    const sentAt = monotonicMillis(clock)
    const wait: Effect.Effect<never, TransportError> = Effect.suspend(() => {
      const now = monotonicMillis(clock)
      const left = Math.max(sentAt, now + quietMillis(broker, clock.currentTimeMillisUnsafe())) + timeoutMillis - now
      if (left > 0) return Effect.andThen(Effect.sleep(left), wait)
      const detail = `writing to broker ${broker.nodeId} took longer than ${timeoutMillis} ms`
      return Effect.fail(because(new NoAnswer({ detail })))
    })
    return wait
  }

  const produce = (
    broker: Broker,
    batches: ReadonlyArray<PartitionBatch>,
    timeoutMillis: number
  ): Effect.Effect<Produced, Verdict.Unwritten> =>
    Effect.suspend(() => {
      const options = {
        timeoutMillis: Math.floor(timeoutMillis * brokerShare),
        timestamp: clock.currentTimeMillisUnsafe()
      }
      // What kafkajs encodes it writes to its socket in the same turn, unless the connection is to be quiet.
      let mayBeOut = false
      const answer = Effect.tryPromise({
        try: () => {
          // kafkajs' part is the header and the answer; the body is ours.
          const protocol = withBody(protocolRequest(broker, "Produce", { acks: -1, topicData: [] }), () => {
            mayBeOut = true
            return encodeProduce(batches, options)
          })
          return ask<ProduceResponse>(broker, protocol)
        },
        catch: (error) => classifyError(error, { brokers })
      })
      return Effect.raceFirst(answer, silence(broker, timeoutMillis)).pipe(
        // Slow replicas are answered for; silence is a dead connection, and whatever else is on it waits in vain.
        Effect.tapError(({ reason }) =>
          Effect.sync(() => reason._tag === "NoAnswer" && client.cut("a write was not answered", broker))
        ),
        Effect.map((response) => toProduced(batches, response)),
        Effect.mapError((error) => (mayBeOut ? Verdict.unknown(error) : Verdict.notWritten(error)))
      )
    })

  const send: ProducerLink["send"] = (leader, batches, timeoutMillis) =>
    client.broker(leader, timeoutMillis).pipe(
      Effect.mapError(Verdict.notWritten),
      Effect.flatMap((broker) => {
        const quiet = quietMillis(broker, clock.currentTimeMillisUnsafe())
        // kafkajs would keep the records; here they stay in the publisher's queue, and what is said of them is known.
        return quiet > 0
          ? Effect.fail(Verdict.notWritten(throttled(leader, quiet)))
          : produce(broker, batches, timeoutMillis)
      })
    )

  yield* client.refresh.pipe(Effect.ignore, Effect.delay(metadataAge), Effect.forever, Effect.forkScoped)

  return {
    partitions,
    leaderOf: (topic, partition) => metadata.leaderOf(topic, partition),
    refresh: client.refresh,
    send
  }
})

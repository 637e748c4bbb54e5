/**
 * A producer link that does to produce requests what the plan says.
 *
 * A broker finishes a write that it has begun, even when the producer no longer waits: a write that is held or slow runs in the
 * transport's scope and is written even when the send was given up.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { OutgoingRecord, TopicPartition } from "../../kafka/KafkaRecord.ts"
import { partitionKey } from "../../memory/MemoryBroker.ts"
import type { PartitionAck, ProducerLink } from "../../kafka/ProducerLink.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { FaultEventMatch } from "../FaultEvent.ts"
import type { EventLog } from "./eventLog.ts"
import type { FaultPlan, Planned } from "./faultPlan.ts"
import { type Leaders, unreachable } from "./leaders.ts"

export interface Environment {
  readonly link: ProducerLink
  readonly plan: FaultPlan
  readonly leaders: Leaders
  readonly log: EventLog
  /** Runs an effect in the transport's scope. */
  readonly run: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
}

type Acks = ReadonlyArray<PartitionAck>

export const make = ({ leaders, link, log, plan, run }: Environment): ProducerLink => {
  /** Continues even when the producer no longer waits. */
  const detached = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() => {
      const ended = Deferred.makeUnsafe<A, E>()
      run(effect).addObserver((exit) => void Deferred.doneUnsafe(ended, exit))
      return Deferred.await(ended)
    })

  const nextWriteTo = ({ partition, topic }: TopicPartition): Effect.Effect<unknown> => {
    const matches: FaultEventMatch = (event) =>
      event._tag === "Written" && event.record.topic === topic && event.record.partition === partition
    return Effect.suspend(() => log.nth(matches, log.events.filter(matches).length + 1))
  }

  const suffer = (
    planned: Planned,
    { partition, topic }: TopicPartition,
    write: Effect.Effect<Acks, TransportError>
  ): Effect.Effect<Acks, TransportError> => {
    const { fault } = planned
    const acknowledged: Acks = [{ topic, partition }]
    switch (fault._tag) {
      case "Drop":
        return Effect.succeed(acknowledged)
      case "Duplicate":
        return Effect.andThen(write, write)
      case "Delay":
        return Effect.delay(write, fault.millis)
      case "Hold":
        return Effect.andThen(Deferred.await(planned.released), write)
      case "Overtake":
        return Effect.andThen(nextWriteTo({ topic, partition }), write)
      case "FailBefore":
        return Effect.succeed([{ topic, partition, error: fault.error }])
      case "FailAfter":
        return Effect.as(write, [{ topic, partition, error: fault.error }])
      case "Swallow":
        return Effect.never
      case "LoseAcknowledgement":
        return Effect.as(write, [])
      case "SlowAcknowledgement":
        return Effect.tap(write, Number.isFinite(fault.millis) ? Effect.sleep(fault.millis) : Effect.never)
    }
  }

  const sendPart = (records: ReadonlyArray<OutgoingRecord>, timeoutMillis: number) => {
    const { partition, topic } = records[0]!
    const write = link.send(records, timeoutMillis)
    const planned = plan.take(records)
    if (planned === undefined) return write
    log.add({ _tag: "Injected", fault: planned.fault, partition: { topic, partition } })
    return suffer(planned, { topic, partition }, write)
  }

  const answered = (partition: TopicPartition, error: TransportError | undefined): void =>
    log.add({ _tag: "Answered", partition: { topic: partition.topic, partition: partition.partition }, error })

  return {
    partitions: (topic) => (leaders.isAllCut ? Effect.fail(unreachable) : link.partitions(topic)),
    leaderOf: (topic, partition) => leaders.leaderOf({ topic, partition }),
    refresh: Effect.suspend(() => (leaders.isAllCut ? Effect.fail(unreachable) : link.refresh)),
    send: (batch, timeoutMillis) =>
      Effect.suspend(() => {
        const parts = [...Map.groupBy(batch, partitionKey).values()]
        const written = Effect.suspend(() =>
          Effect.forEach(parts, (records) => sendPart(records, timeoutMillis), { concurrency: "unbounded" })
        )
        const leader = leaders.leaderOf(batch[0]!)
        return detached(Effect.andThen(leaders.reach(leader), written)).pipe(
          Effect.map((acks) => acks.flat()),
          Effect.tap((acks) =>
            Effect.sync(() => {
              for (const ack of acks) answered(ack, ack.error)
            })
          ),
          Effect.tapError((error) => Effect.sync(() => answered(batch[0]!, error)))
        )
      })
  }
}

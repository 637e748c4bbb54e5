/**
 * A producer link that does to produce requests what the plan says.
 *
 * A broker finishes a write that it has begun, even when the producer no longer waits: a write that is held or slow runs in the
 * transport's scope and is written even when the send was given up.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { TopicPartition } from "../../kafka/KafkaRecord.ts"
import type { PartitionBatch, ProducerLink } from "../../kafka/ProducerLink.ts"
import { because, Unacknowledged } from "../../kafka/TransportError.ts"
import * as Verdict from "../../kafka/Verdict.ts"
import type { FaultEvent, FaultEventMatch } from "../FaultEvent.ts"
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

type Write = Effect.Effect<Verdict.Verdict, Verdict.Unwritten>

const answered = ({ partition, topic }: TopicPartition, verdict: Verdict.Verdict): FaultEvent => ({
  _tag: "Answered",
  partition: { topic, partition },
  error: verdict._tag === "Written" ? undefined : verdict.error
})

class FaultyLink {
  readonly #environment: Environment

  constructor(environment: Environment) {
    this.#environment = environment
  }

  readonly send: ProducerLink["send"] = (leader, batches, timeoutMillis) => {
    const { leaders, log } = this.#environment
    const written = Effect.suspend(() =>
      Effect.forEach(batches, (batch) => this.#sendPart(leader, batch, timeoutMillis), { concurrency: "unbounded" })
    )
    // A leader that is cut off is not reached: nothing of the request is written.
    const reached = Effect.mapError(leaders.reach(leader), Verdict.notWritten)
    return this.#detached(Effect.andThen(reached, written)).pipe(
      Effect.tap((verdicts) =>
        Effect.sync(() => {
          for (const [index, batch] of batches.entries()) log.add(answered(batch, verdicts[index]!))
        })
      ),
      Effect.tapError((failure) => Effect.sync(() => log.add(answered(batches[0]!, failure)))),
      Effect.map((verdicts) => ({ verdicts, throttleMillis: 0 }))
    )
  }

  /** Continues even when the producer no longer waits. */
  #detached<A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.suspend(() => {
      const ended = Deferred.makeUnsafe<A, E>()
      this.#environment.run(effect).addObserver((exit) => void Deferred.doneUnsafe(ended, exit))
      return Deferred.await(ended)
    })
  }

  #sendPart(leader: number, batch: PartitionBatch, timeoutMillis: number): Write {
    const { link, log, plan } = this.#environment
    const { partition, topic } = batch
    const write = Effect.map(link.send(leader, [batch], timeoutMillis), ({ verdicts }) => verdicts[0]!)
    const planned = plan.take(batch.records)
    if (planned === undefined) return write
    log.add({ _tag: "Injected", fault: planned.fault, partition: { topic, partition } })
    return this.#suffer(planned, { topic, partition }, write)
  }

  #suffer({ fault, released }: Planned, partition: TopicPartition, write: Write): Write {
    switch (fault._tag) {
      case "Drop":
        return Effect.succeed(Verdict.written)
      case "Duplicate":
        return Effect.andThen(write, write)
      case "Delay":
        return Effect.delay(write, fault.millis)
      case "Hold":
        return Effect.andThen(Deferred.await(released), write)
      case "Overtake":
        return Effect.andThen(this.#nextWriteTo(partition), write)
      case "FailBefore":
        return Effect.succeed(Verdict.ofRefusal(fault.error))
      case "FailAfter":
        return Effect.as(write, Verdict.unknown(fault.error))
      case "Swallow":
        return Effect.never
      case "LoseAcknowledgement":
        return Effect.as(write, Verdict.unknown(because(new Unacknowledged(partition))))
      case "SlowAcknowledgement":
        return Effect.tap(write, Number.isFinite(fault.millis) ? Effect.sleep(fault.millis) : Effect.never)
    }
  }

  #nextWriteTo({ partition, topic }: TopicPartition): Effect.Effect<unknown> {
    const { log } = this.#environment
    const matches: FaultEventMatch = (event) =>
      event._tag === "Written" && event.record.topic === topic && event.record.partition === partition
    return Effect.suspend(() => log.nth(matches, log.events.filter(matches).length + 1))
  }
}

export const make = (environment: Environment): ProducerLink => {
  const { leaders, link } = environment
  return {
    partitions: (topic) => (leaders.isAllCut ? Effect.fail(unreachable) : link.partitions(topic)),
    leaderOf: (topic, partition) => leaders.leaderOf({ topic, partition }),
    refresh: Effect.suspend(() => (leaders.isAllCut ? Effect.fail(unreachable) : link.refresh)),
    send: new FaultyLink(environment).send
  }
}

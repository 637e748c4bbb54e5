/**
 * Writes publications to Kafka in micro-batches. Each leader has a few requests in flight, never two with the same key, and
 * one event-loop turn apart; records that could not be written are tried again until their deadline.
 *
 * A driver only supplies a `ProducerLink`. A refused partition backs off alone; a leader that does not answer backs off with
 * all of its partitions; metadata is refreshed beside sending. See docs/adr/0014.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { EventLoop } from "../host/EventLoop.ts"
import { monotonicMillis } from "../host/MonotonicTime.ts"
import * as Sweeper from "../host/Sweeper.ts"
import type { TopicPartition } from "../kafka/KafkaRecord.ts"
import type { ProducerLink } from "../kafka/ProducerLink.ts"
import type { TransportError } from "../kafka/TransportError.ts"
import { withDefaults } from "../settings/OptionRules.ts"
import { Engine } from "./internal/engine.ts"
import { Ledger } from "./internal/ledger.ts"
import { refresh } from "./internal/metadataRefresh.ts"
import { RefreshSchedule } from "./internal/refreshSchedule.ts"
import * as PublishRecorder from "./internal/publishRecorder.ts"
import { Resting } from "./internal/resting.ts"
import { Routes } from "./internal/routes.ts"
import type { Publication } from "./Publication.ts"
import { defaults, type Options } from "./PublisherOptions.ts"

export interface Publisher {
  /** Queues a publication; its callbacks tell the outcome, never inside this call. Never blocks and never throws. */
  readonly offer: (publication: Publication) => void
  /** The number of partitions of a topic, from the metadata. */
  readonly partitions: (topic: string) => Effect.Effect<number, TransportError>
  /**
   * How many records wait in front of one that is offered to this partition now; infinite while the partition is known to
   * take no writes. Never waits.
   */
  readonly load: (partition: TopicPartition) => number
}

export const make = Effect.fnUntraced(function* (
  link: ProducerLink,
  overrides: Partial<Options> = {}
): Effect.fn.Return<Publisher, never, Scope.Scope> {
  const options = withDefaults(defaults, overrides)
  const sendTimeoutMillis = Duration.toMillis(options.sendTimeout)
  const backoff = { min: Duration.toMillis(options.minBackoff), max: Duration.toMillis(options.maxBackoff) }
  const clock = yield* Clock.Clock
  const random = yield* Random.Random
  const run = yield* FiberSet.makeRuntime<never>()
  const schedule = new RefreshSchedule(backoff)
  const routes = new Routes(link.leaderOf, schedule)
  const ledger = new Ledger(
    options.maxQueuedBytes,
    (error) => void run(Effect.logError("the owner of a written record threw", error))
  )
  const sweeper = yield* Sweeper.make((now) => {
    const next = engine.sweep(now)
    if (schedule.dueAt <= now) {
      schedule.begin()
      const refreshing = refresh({ link, timeoutMillis: sendTimeoutMillis, clock, schedule, routes, ledger, engine })
      run(
        Effect.ensuring(
          refreshing,
          Effect.sync(() => sweeper.wakeBy(schedule.dueAt))
        )
      )
    }
    return Math.min(next, schedule.dueAt)
  })
  const engine = new Engine({
    link,
    limits: {
      maxRequests: options.maxBatchesInFlight,
      maxRecords: options.maxBatchRecords,
      maxBytes: options.maxBatchBytes
    },
    maxQueuedBytes: options.maxQueuedBytes,
    sendTimeoutMillis,
    clock,
    eventLoop: yield* EventLoop,
    routes,
    resting: new Resting(backoff, () => 0.8 + 0.4 * random.nextDoubleUnsafe()),
    ledger,
    recorder: yield* PublishRecorder.make,
    run,
    wakeBy: sweeper.wakeBy,
    wantRefresh: () => {
      schedule.want(monotonicMillis(clock))
      sweeper.wakeBy(schedule.dueAt)
    }
  })
  yield* Effect.addFinalizer(() => Effect.sync(() => engine.close()))
  return {
    offer: (publication) => engine.offer(publication),
    load: (partition) => routes.queueOf(partition).load,
    partitions: link.partitions
  }
})

/**
 * Writes publications to Kafka in micro-batches: per partition leader, a few batches in flight, never two with the same
 * key, one event-loop turn apart, acknowledgements checked per partition, transient failures resent until the deadline.
 *
 * A driver only supplies a `ProducerLink`. What the next batch is, is decided in `internal/publishLane.ts`; what becomes
 * of its records, in `internal/acknowledgements.ts`; this file drives both.
 *
 * Why lanes per leader: a client awaits all brokers of one produce call, so a frozen broker would hold the slots of the
 * healthy ones. Why one turn apart: two sends to one partition in the same turn can reach the log inverted.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { EventLoop } from "../host/EventLoop.ts"
import { errorFor, obstacleIn } from "./internal/acknowledgements.ts"
import { Outstanding } from "./internal/outstanding.ts"
import { Awaited } from "./internal/awaited.ts"
import { KeyGate } from "./internal/keyGate.ts"
import { look } from "./internal/look.ts"
import type { Obstacle, PublishLane } from "./internal/publishLane.ts"
import { failureOf, isImpatient, leaderUnknown, isOfOne, timeoutOf, withoutLeader } from "./internal/publishFailures.ts"
import { withDefaults } from "../settings/OptionRules.ts"
import { nameOf, PublishRoutes } from "./internal/publishRoutes.ts"
import type { OutgoingRecord, TopicPartition } from "../kafka/KafkaRecord.ts"
import { monotonicMillis } from "../host/MonotonicTime.ts"
import type { ProducerLink } from "../kafka/ProducerLink.ts"
import type { Publication } from "./Publication.ts"
import { defaults, type Options } from "./PublisherOptions.ts"
import { because, NoAnswer, TransportClosed, type TransportError } from "../kafka/TransportError.ts"

export interface Publisher {
  /** Queues a publication; its callbacks tell the outcome, never inside this call. Never blocks and never throws. */
  readonly offer: (publication: Publication) => void
  /** Publishes one record and waits for the acknowledgement. Fails when it was refused or the time (5 s) is up. */
  readonly publish: (record: OutgoingRecord, timeoutMillis?: number) => Effect.Effect<void, TransportError>
  /** The number of partitions of a topic, from the metadata. */
  readonly partitions: (topic: string) => Effect.Effect<number, TransportError>
  /**
   * How much waits before a record that is offered to this partition now; infinite while nothing can be written to it, as
   * far as is known. Never waits.
   */
  readonly load: (partition: TopicPartition) => number
  /** Waits until everything offered so far has an outcome. */
  readonly flush: Effect.Effect<void>
}

// How often records stuck behind a leader or a key in flight are looked through for expired and abandoned ones.
const stuckSweep = Duration.seconds(1)

export const make = Effect.fnUntraced(function* (
  link: ProducerLink,
  overrides: Partial<Options> = {}
): Effect.fn.Return<Publisher, never, Scope.Scope> {
  const options = withDefaults(defaults, overrides)
  const limits = { maxRecords: options.maxBatchRecords, maxBytes: options.maxBatchBytes }
  const sendTimeoutMillis = Duration.toMillis(options.sendTimeout)
  const backoff = { min: Duration.toMillis(options.minBackoff), max: Duration.toMillis(options.maxBackoff) }
  const clock = yield* Clock.Clock
  const eventLoop = yield* EventLoop
  const run = yield* FiberSet.makeRuntime<never>()

  const gate = new KeyGate()
  const routes = new PublishRoutes(link.leaderOf)
  const inFlight = new Set<ReadonlyArray<Publication>>()
  const outstanding = new Outstanding()
  let isClosed = false
  let isSweeping = false

  const refuse = (publication: Publication, error: TransportError): void => {
    if (!publication.abandoned) publication.onRefused(error)
    outstanding.settled(1)
  }

  const expire = (publication: Publication): void => refuse(publication, timeoutOf(publication))

  const schedule = (lane: PublishLane): void => {
    const isBusy = lane.isScheduled || lane.isBackingOff || lane.inFlight >= options.maxBatchesInFlight
    if (isBusy || lane.size === 0 || isClosed) return
    lane.isScheduled = true
    eventLoop.nextTurn(() => {
      lane.isScheduled = false
      // A batch may have failed since this was scheduled; the end of the backoff schedules again.
      if (isClosed || lane.isBackingOff) return
      if (lane.leader < 0) backOff(lane, (record) => (lane.overlooked.has(nameOf(record)) ? undefined : leaderUnknown))
      else flushLane(lane)
    })
  }

  const flushLane = (lane: PublishLane): void => {
    const taken = lane.take(gate, limits, monotonicMillis(clock))
    for (const publication of taken.expired) expire(publication)
    outstanding.settled(taken.forgotten)
    const batch = taken.batch
    if (batch.length > 0) {
      lane.inFlight++
      inFlight.add(batch)
      for (const publication of batch) publication.delivery = "handed-over"
      run(sendBatch(batch)).addObserver((exit) => {
        lane.inFlight--
        if (!inFlight.delete(batch)) return
        settle(lane, batch, Exit.isSuccess(exit) ? exit.value : Result.fail(failureOf(exit.cause)))
      })
    }
    schedule(lane)
  }

  // The driver's own time limits are not relied on: whatever it does, a batch is settled.
  const sendBatch = (batch: ReadonlyArray<Publication>) =>
    link.send(batch, sendTimeoutMillis).pipe(
      Effect.timeoutOrElse({
        duration: sendTimeoutMillis * 2,
        orElse: () => Effect.fail(because(new NoAnswer({ detail: `no answer to a write of ${batch.length} records` })))
      }),
      Effect.map(errorFor),
      Effect.result
    )

  const settle = (
    lane: PublishLane,
    batch: ReadonlyArray<Publication>,
    answer: Result.Result<Obstacle, TransportError>
  ): void => {
    const errorOf = Result.isSuccess(answer) ? answer.success : () => answer.failure
    const again: Array<Publication> = []
    let isHeldUp = false
    for (const publication of batch) {
      const error = errorOf(publication)
      if (error === undefined) {
        publication.delivery = "acknowledged"
        if (!publication.abandoned) publication.onAcknowledged()
        outstanding.settled(1)
        continue
      }
      if (!error.isDefinitive) publication.isUnclear = true
      else if (!publication.isUnclear) publication.delivery = "queued"
      if (error.isRetryable) {
        isHeldUp = true
        publication.lastError = error
        again.push(publication)
      } else if (isOfOne(error) && batch.length > 1) {
        // Which record the broker refused is not told: halves are tried until the guilty one stands alone.
        publication.batchLimit = Math.max(1, Math.floor(batch.length / 2))
        again.push(publication)
      } else refuse(publication, error)
    }
    // Resends first, then who waited for their keys: the order of each key is kept.
    const released = gate.open(batch)
    offerFirst([...again, ...released])
    if (!isHeldUp) lane.failures = 0
    // A broker that answered is within reach, whatever it refuses: that concerns the partitions it spoke of.
    else backOff(lane, Result.isSuccess(answer) ? obstacleIn(batch, errorOf) : errorOf)
    schedule(lane)
  }

  const offerFirst = (publications: ReadonlyArray<Publication>): void => {
    const byLane = new Map<PublishLane, Array<Publication>>()
    for (const publication of publications) {
      const lane = routes.laneOf(publication)
      const group = byLane.get(lane)
      if (group === undefined) byLane.set(lane, [publication])
      else group.push(publication)
    }
    for (const [lane, group] of byLane) {
      lane.offerFirst(group)
      schedule(lane)
    }
  }

  /** Pauses a lane; metadata is fetched meanwhile, and every partition is routed to its leader of then. */
  const backOff = (lane: PublishLane, obstacle: Obstacle): void => {
    if (isClosed) return
    // Of a lane without leader nothing is known before the look: its partitions may just be new here.
    if (lane.leader >= 0) {
      lane.obstruct(obstacle)
      refuseImpatient(lane, obstacle)
    }
    if (lane.isBackingOff) return
    lane.isBackingOff = true
    const delay = lane.pause(monotonicMillis(clock), backoff)
    lane.failures++
    sweepStuck()
    run(
      Effect.gen(function* () {
        const jitter = yield* Random.nextBetween(0.8, 1.2)
        yield* Effect.sleep(delay * jitter)
        lane.isLooking = lane.leader < 0
        yield* look(link.refresh, sendTimeoutMillis)
        lane.lookedAt = monotonicMillis(clock)
        reroute()
        if (lane.leader < 0) {
          yield* Effect.forEach(routes.topicsIn(lane), (topic) => explain(lane, topic))
          // A look can be one that was under way before; then only the question why has found the leader.
          reroute()
          refuseImpatient(lane, obstacle)
        }
        lane.isLooking = false
        lane.isBackingOff = false
        // The next record tries again; otherwise nothing would ever find out that the leader is back.
        lane.obstacle = undefined
        schedule(lane)
      })
    )
  }

  const reroute = (): void => {
    for (const grown of routes.reroute()) schedule(grown)
  }

  const refuseImpatient = (lane: PublishLane, obstacle: Obstacle): void => {
    const isHeldUp = (publication: Publication) => isImpatient(publication) && obstacle(publication) !== undefined
    for (const publication of lane.remove(isHeldUp))
      refuse(publication, publication.lastError ?? obstacle(publication)!)
  }

  /** Finds out why the records of a topic have no leader to go to, and refuses those that never will have one. */
  const explain = Effect.fnUntraced(function* (lane: PublishLane, topic: string) {
    const found = yield* look(link.partitions(topic), sendTimeoutMillis)
    if (found === undefined) return
    const isHopeless = (publication: Publication): boolean => {
      if (publication.topic !== topic) return false
      const error = Result.isSuccess(found) ? withoutLeader(publication, found.success) : found.failure
      publication.lastError = error ?? publication.lastError ?? leaderUnknown
      return error !== undefined && !error.isRetryable
    }
    for (const publication of lane.remove(isHopeless)) expire(publication)
  })

  /** While anything is stuck, forget what was abandoned and refuse what is past its deadline. */
  const sweepStuck = (): void => {
    if (isSweeping || isClosed) return
    isSweeping = true
    run(
      Effect.gen(function* () {
        for (;;) {
          yield* Effect.sleep(stuckSweep)
          if (outstanding.isEmpty) break
          const now = monotonicMillis(clock)
          const isOver = (publication: Publication) => publication.abandoned || publication.deadline <= now
          for (const lane of routes.lanes) for (const publication of lane.remove(isOver)) expire(publication)
          for (const publication of gate.remove(isOver)) expire(publication)
        }
        isSweeping = false
      })
    )
  }

  const offer = (publication: Publication): void => {
    outstanding.offered()
    if (isClosed) return eventLoop.nextTurn(() => refuse(publication, because(new TransportClosed())))
    const lane = routes.laneOf(publication)
    const obstacle = lane.obstacle !== undefined && isImpatient(publication) ? lane.obstacle(publication) : undefined
    if (obstacle !== undefined) return eventLoop.nextTurn(() => refuse(publication, obstacle))
    lane.offer(publication)
    if (lane.inFlight > 0) sweepStuck()
    schedule(lane)
  }

  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      isClosed = true
      const open = [...inFlight].flat()
      inFlight.clear()
      for (const lane of routes.lanes) open.push(...lane.remove(() => true))
      open.push(...gate.remove(() => true))
      for (const publication of open) refuse(publication, because(new TransportClosed()))
    })
  )

  return {
    offer,
    publish: (record, timeoutMillis = sendTimeoutMillis) =>
      Effect.suspend(() => {
        const publication = new Awaited(record, monotonicMillis(clock) + timeoutMillis)
        offer(publication)
        return Deferred.await(publication.outcome).pipe(
          Effect.onInterrupt(() => Effect.sync(() => (publication.abandoned = true))),
          Effect.timeoutOrElse({ duration: timeoutMillis, orElse: () => Effect.fail(timeoutOf(publication)) })
        )
      }),
    load: (partition) => {
      const lane = routes.laneOf(partition)
      const isHeldUp = lane.leader < 0 || lane.obstacle?.(partition) !== undefined
      return isHeldUp ? Number.POSITIVE_INFINITY : lane.size + lane.inFlight
    },
    partitions: link.partitions,
    flush: outstanding.none
  }
})

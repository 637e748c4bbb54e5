/**
 * Drives the queues and windows: takes offers, sends requests, settles records by their verdicts, begins and ends back-offs.
 * `leaderWindow.ts` and `partitionQueue.ts` decide what the next request holds, `WriteState.ts` what is known of a record;
 * drivers and owners are interfaces here.
 *
 * Every entry (an offer, a turn, an answer, a refresh, a sweep) first does all of its own work and tells owners last.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { EventLoop } from "../../host/EventLoop.ts"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { Produced, ProducerLink } from "../../kafka/ProducerLink.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import type * as Verdict from "../../kafka/Verdict.ts"
import type { Publication } from "../Publication.ts"
import * as WriteState from "../WriteState.ts"
import { BatchLimits } from "./batchLimits.ts"
import type { LeaderWindow, RequestLimits, SentBatch } from "./leaderWindow.ts"
import type { Ledger } from "./ledger.ts"
import type { PartitionQueue } from "./partitionQueue.ts"
import type { PublishRecorder } from "./publishRecorder.ts"
import { closed, failureOf, isImpatient, passedOver, queueFull, throttled, timeIsUp, unanswered } from "./refusals.ts"
import { type Request, Requests, suspiciousMillis } from "./requests.ts"
import type { Resting } from "./resting.ts"
import type { Routes } from "./routes.ts"
import { settle } from "./settlement.ts"

export interface EngineDependencies {
  readonly link: ProducerLink
  readonly limits: RequestLimits
  readonly maxQueuedBytes: number
  readonly sendTimeoutMillis: number
  readonly clock: Clock.Clock
  readonly eventLoop: EventLoop
  readonly routes: Routes
  readonly resting: Resting
  readonly ledger: Ledger
  readonly recorder: PublishRecorder
  readonly run: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
  /** Makes sure that `sweep` is called at this moment, monotonic milliseconds, or before. */
  readonly wakeBy: (at: number) => void
  /** Asks for a metadata refresh: a leader is unknown or may have moved. */
  readonly wantRefresh: () => void
}

// How often records that cannot be sent are looked through for expired and abandoned ones.
const stuckSweepMillis = 1_000

export class Engine {
  readonly #environment: EngineDependencies
  readonly #learnt = new BatchLimits()
  readonly #requests = new Requests()
  #stuckSweepAt = Number.POSITIVE_INFINITY
  #isClosed = false

  constructor(environment: EngineDependencies) {
    this.#environment = environment
  }

  get now(): number {
    return monotonicMillis(this.#environment.clock)
  }

  // --- records come and go ---

  offer(publication: Publication): void {
    const now = this.now
    publication.offeredAt = now
    if (this.#isClosed) return this.#refuseSoon(publication, closed)
    const { ledger, maxQueuedBytes, routes, wakeBy } = this.#environment
    const queue = routes.queueOf(publication)
    const refusal = publication.waits ? undefined : queue.refusal
    if (refusal !== undefined) return this.#refuseSoon(publication, refusal)
    if (!ledger.admit(publication)) return this.#refuseSoon(publication, queueFull(maxQueuedBytes))
    queue.offer(publication)
    this.#ready(queue)
    if (this.#stuckSweepAt === Number.POSITIVE_INFINITY) {
      this.#stuckSweepAt = now + stuckSweepMillis
      wakeBy(this.#stuckSweepAt)
    }
  }

  /** Refuses the record in a later turn: an owner is not called back inside its own call. */
  #refuseSoon(publication: Publication, error: TransportError): void {
    publication.state = WriteState.givenUp(publication.state, error)
    this.#environment.eventLoop.nextTurn(() => this.#environment.ledger.tell(publication))
  }

  /** The record's deadline has passed. The reason why it was not written, when known, says more than that. */
  #expire(publication: Publication, { window }: PartitionQueue, now: number): void {
    const isThrottled = window !== undefined && window.throttledUntil > now
    const why = isThrottled ? throttled(window.leader) : timeIsUp(publication.topic)
    this.#environment.ledger.giveUp(publication, publication.lastError ?? why)
  }

  /** Refuses the records of a partition for which the function has a reason. */
  refuse(queue: PartitionQueue, why: (publication: Publication) => TransportError | undefined): void {
    for (const publication of queue.remove((record) => why(record) !== undefined)) {
      this.#environment.ledger.giveUp(publication, why(publication)!)
    }
  }

  #refuseImpatient(queue: PartitionQueue, error: TransportError): void {
    this.refuse(queue, (publication) => (isImpatient(publication) ? error : undefined))
  }

  // --- requests leave ---

  #ready(queue: PartitionQueue): void {
    if (queue.ready === 0 || queue.backoff.isResting) return
    const { window } = queue
    if (window === undefined) return this.#environment.wantRefresh()
    window.list(queue)
    this.#schedule(window)
  }

  /** One turn apart: two sends to one partition in the same turn can reach the log inverted. */
  #schedule(window: LeaderWindow): void {
    if (window.isScheduled || this.#isClosed || !window.isOpen(this.#environment.limits, this.now)) return
    window.isScheduled = true
    this.#environment.eventLoop.nextTurn(() => {
      window.isScheduled = false
      this.#flush(window)
    })
  }

  #flush(window: LeaderWindow): void {
    const { ledger, limits } = this.#environment
    const now = this.now
    // The window may have failed or been closed since this turn was scheduled.
    if (this.#isClosed || !window.isOpen(limits, now)) return
    const { batches, bytes, over } = window.fill(limits, this.#learnt, now)
    for (const { publication, queue } of over) this.#expire(publication, queue, now)
    if (batches.length > 0) this.#send({ window, batches, bytes, sentAt: now, fiber: undefined })
    this.#schedule(window)
    ledger.deliver()
  }

  #send(request: Request): void {
    const { link, run, sendTimeoutMillis, wakeBy } = this.#environment
    const { batches, sentAt, window } = request
    this.#requests.add(request)
    for (const { records } of batches) {
      for (const publication of records) publication.state = WriteState.sent(publication.state)
    }
    wakeBy(sentAt + suspiciousMillis)
    request.fiber = run(Effect.suspend(() => link.send(window.leader, batches, sendTimeoutMillis)))
    request.fiber.addObserver((exit) => this.#onAnswer(request, exit))
  }

  // --- answers come ---

  #onAnswer(request: Request, exit: Exit.Exit<Produced, Verdict.Unwritten>): void {
    if (!this.#requests.remove(request)) return
    const { batches, window } = request
    const now = this.now
    if (Exit.isSuccess(exit)) {
      this.#onAnswered(window, exit.value.throttleMillis, now)
      for (const [index, batch] of batches.entries()) {
        this.#onVerdict(batch, exit.value.verdicts[index] ?? passedOver(batch), now)
      }
    } else {
      const failure = failureOf(exit.cause)
      for (const batch of batches) this.#settle(batch, failure)
      this.#onFailed(window, failure.error, now)
      for (const { queue } of batches) this.#ready(queue)
    }
    this.#schedule(window)
    this.#environment.ledger.deliver()
  }

  /** A broker that answers is reachable, even when it refuses everything. */
  #onAnswered(window: LeaderWindow, throttleMillis: number, now: number): void {
    window.backoff.worked()
    window.answeredAt = now
    window.suspectedSince = undefined
    if (throttleMillis <= 0) return
    window.throttledUntil = Math.max(window.throttledUntil, now + throttleMillis)
    this.#environment.wakeBy(window.throttledUntil)
  }

  /** No answer, or no connection: this concerns all partitions of the leader. */
  #onFailed(window: LeaderWindow, error: TransportError, now: number): void {
    if (!error.isRetryable) return
    this.#rest(window, error, now)
    for (const queue of this.#environment.routes.queues()) {
      if (queue.window === window) this.#refuseImpatient(queue, error)
    }
  }

  /** The broker's answer for one partition; it says nothing of the others. */
  #onVerdict(batch: SentBatch, verdict: Verdict.Verdict, now: number): void {
    // The partition has moved to another leader meanwhile.
    if (batch.isSettled) return
    const { bytes, queue, topic } = batch
    this.#settle(batch, verdict)
    if (verdict._tag === "Written") {
      queue.backoff.worked()
      this.#learnt.written(topic, bytes, now)
    } else if (verdict.error.isRetryable) {
      this.#rest(queue, verdict.error, now)
      this.#refuseImpatient(queue, verdict.error)
    } else if (verdict.error.reason._tag === "TooLarge") this.#learnt.refused(topic, bytes, now)
    this.#ready(queue)
  }

  #settle(batch: SentBatch, verdict: Verdict.Verdict): void {
    for (const publication of settle(batch, verdict)) this.#environment.ledger.end(publication)
  }

  #rest(of: PartitionQueue | LeaderWindow, error: TransportError, now: number): void {
    const { recorder, resting, wakeBy, wantRefresh } = this.#environment
    resting.add(of, error, now)
    recorder.backedOff("partition" in of ? "partition" : "leader")
    wakeBy(of.backoff.until)
    wantRefresh()
  }

  // --- leaders move ---

  /** Moves waiting records to the current leaders. */
  reroute(): void {
    for (const { from, queue } of this.#environment.routes.reroute()) {
      this.#environment.resting.end(queue)
      // Records that a silent broker has not answered are sent to its successor at once.
      if (from?.suspectedSince !== undefined) {
        for (const batch of this.#requests.batches(queue, from)) this.#settle(batch, unanswered(from.leader))
      }
      this.#ready(queue)
    }
  }

  // --- time passes ---

  /** Does what is due and returns when something will be due next. */
  sweep(now: number): number {
    const next = Math.min(this.#sweepResting(now), this.#sweepRequests(now), this.#sweepStuck(now))
    this.#environment.ledger.deliver()
    return next
  }

  #sweepResting(now: number): number {
    const { resting, routes } = this.#environment
    const { leaders, partitions } = resting.takeOver(now)
    for (const queue of partitions) this.#ready(queue)
    for (const window of leaders) this.#schedule(window)
    let next = resting.next
    for (const window of routes.windows) {
      if (window.throttledUntil > now) next = Math.min(next, window.throttledUntil)
      else this.#schedule(window)
    }
    return next
  }

  /** Settles requests that are in flight for too long: the driver's own timeouts are not relied on. */
  #sweepRequests(now: number): number {
    const { sendTimeoutMillis, wantRefresh } = this.#environment
    const { isSuspicious, next, over } = this.#requests.aged(now, sendTimeoutMillis * 2)
    for (const request of over) {
      this.#onAnswer(request, Exit.fail(unanswered(request.window.leader)))
      request.fiber?.interruptUnsafe()
    }
    if (isSuspicious) wantRefresh()
    return next
  }

  #sweepStuck(now: number): number {
    if (this.#stuckSweepAt > now) return this.#stuckSweepAt
    const { ledger, recorder, routes } = this.#environment
    const isOver = (publication: Publication) => publication.abandoned || publication.deadline <= now
    let oldest = now
    for (const queue of routes.queues()) {
      for (const publication of queue.remove(isOver)) this.#expire(publication, queue, now)
      oldest = Math.min(oldest, queue.oldest)
    }
    recorder.queued(ledger.records, ledger.bytes, now - oldest)
    return (this.#stuckSweepAt = ledger.records > 0 ? now + stuckSweepMillis : Number.POSITIVE_INFINITY)
  }

  /** Ends every record: none of them is tried again. */
  close(): void {
    this.#isClosed = true
    const open = this.#requests.batches()
    this.#requests.clear()
    for (const { records } of open)
      for (const publication of records) this.#environment.ledger.giveUp(publication, closed)
    for (const queue of this.#environment.routes.queues()) this.refuse(queue, () => closed)
    this.#environment.recorder.queued(0, 0, 0)
    this.#environment.ledger.deliver()
  }
}

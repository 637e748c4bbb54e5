/**
 * Serves the requests of one contract: takes records, runs handlers in their lanes, sends replies, and notes what is done.
 *
 * Outline of a request's life:
 *
 *   1. taken: the ledger counts it as open                          (onRecords)
 *   2. refused, cancelled already, or given to its lane             (admit)
 *   3. its turn: decoded; a duplicate gets the stored answer or joins the run; else the handler runs   (handle)
 *   4. answered: the reply is offered to the publisher              (settle)
 *   5. done: the broker has acknowledged the reply, or nobody can be waiting any more   (close)
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Sweeper from "../../host/Sweeper.ts"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { ConsumedRecord } from "../../transport/KafkaRecord.ts"
import type { Publisher } from "../../transport/Publisher.ts"
import type { AssignedPartition } from "../../transport/Transport.ts"
import type { RecordHeader } from "../../wire/RecordHeaders.ts"
import * as RequestEnvelope from "../../wire/RequestEnvelope.ts"
import type { Options } from "../Options.ts"
import { type Answer, labelOf, rejected } from "./answer.ts"
import { CancelledIds } from "./cancelledIds.ts"
import type { DeadLetters } from "./deadLetters.ts"
import type { DedupeTable } from "./dedupeTable.ts"
import * as Handling from "./handling.ts"
import { intakeOf } from "./intake.ts"
import type { OffsetLedger } from "./offsetLedger.ts"
import { OpenRequest, type Stop } from "./openRequest.ts"
import { Ownership, type PartitionCommit } from "./ownership.ts"
import type { Procedure } from "./procedure.ts"
import { ReplyPublication, type ReplyObserver } from "./replyPublication.ts"
import { RequestLanes } from "./requestLanes.ts"
import type { ServeRecorder } from "./serveRecorder.ts"
import { type Addressee, TakenRecord, textKey } from "./takenRecord.ts"
import type { Times } from "./times.ts"

export interface Environment {
  readonly options: Options
  readonly times: Times
  readonly procedures: ReadonlyMap<string, Procedure>
  readonly publisher: Publisher
  readonly recorder: ServeRecorder
  readonly dedupe: DedupeTable<OpenRequest>
  readonly deadLetters: DeadLetters | undefined
  /** Something new can be committed. */
  readonly onProgress: () => void
  /** There is room again for records of these partitions. */
  readonly onRoom: (partitions: ReadonlyArray<number>) => void
}

export interface ServingLoop {
  readonly onAssigned: (partitions: ReadonlyArray<AssignedPartition>) => void
  readonly onRecords: (records: ReadonlyArray<ConsumedRecord>) => number
  /** Records of the control topic: cancels; anything else there is ignored. */
  readonly onControl: (records: ReadonlyArray<ConsumedRecord>) => void
  /** Starts nothing more, and forgets what has not started: it will be delivered again. */
  readonly hold: () => void
  /** Waits until nothing that was started is open, at most so long; false when something still is. */
  readonly idleWithin: (millis: number) => Effect.Effect<boolean>
  /** Interrupts what still runs and waits for it; its offsets stay open, so that others take it over. */
  readonly abort: Effect.Effect<void>
  readonly commits: () => ReadonlyArray<PartitionCommit>
  readonly running: () => number
}

const interrupt = (request: OpenRequest, stop: Stop): void => {
  if (request.stop !== undefined) return
  request.stop = stop
  request.fiber?.interruptUnsafe()
}

export const make = Effect.fnUntraced(function* (
  environment: Environment
): Effect.fn.Return<ServingLoop, never, Scope.Scope> {
  const { deadLetters, dedupe, onProgress, onRoom, options, procedures, publisher, recorder, times } = environment
  const clock = yield* Clock.Clock
  const fibers = yield* FiberSet.make()
  const fork = yield* FiberSet.runtime(fibers)()
  const ownership = new Ownership()
  const cancelled = new CancelledIds()
  /** Requests that were admitted and have no outcome, by correlation id: attempts of one call share it. */
  const byId = new Map<string, Array<OpenRequest>>()
  const running = new Set<OpenRequest>()
  const full = new Set<number>()
  const rules = { options, clockSkewMillis: times.clockSkew, procedures }
  let isHeld = true
  let idle: Deferred.Deferred<void> | undefined

  const now = () => monotonicMillis(clock)

  // --- closing ---

  const close = (taken: TakenRecord, isDone: boolean): void => {
    if (taken.isClosed) return
    ownership.close(taken, isDone)
    if (taken instanceof OpenRequest && taken.entry !== undefined) taken.entry.pins--
    recorder.open(ownership.open)
    if (isDone) onProgress()
    makeRoom()
    if (ownership.open === 0 && idle !== undefined) Deferred.doneUnsafe(idle, Exit.void)
  }

  const partDone = (taken: TakenRecord): void => {
    taken.parts--
    if (taken.parts <= 0) close(taken, true)
  }

  const makeRoom = (): void => {
    // Half empty before fetching starts again, so that it does not stop and go with every record.
    if (full.size === 0 || isHeld || lanes.waiting > options.maxWaiting / 2) return
    const partitions = [...full]
    full.clear()
    onRoom(partitions)
  }

  // --- answering ---

  const observer: ReplyObserver = {
    onReplied: (reply) => partDone(reply.taken),
    onReplyRefused: (reply, error) => {
      const { addressee, answer, taken } = reply
      // Closing: whoever owns the partition next answers.
      if (error.reason._tag === "TransportClosed") return close(taken, false)
      const mayStillBeTold = error.isDefinitive && answer.outcome !== "rejected"
      if (!mayStillBeTold) {
        recorder.replyAbandoned()
        return partDone(taken)
      }
      const status = error.reason._tag === "TooLarge" ? "reply-too-large" : "internal"
      send(taken, addressee, rejected(status, `the reply could not be written: ${error.message}`), [])
    }
  }

  const send = (
    taken: TakenRecord,
    addressee: Addressee,
    answer: Answer,
    replyHeaders: ReadonlyArray<RecordHeader>
  ): void => {
    const at = clock.currentTimeMillisUnsafe()
    publisher.offer(new ReplyPublication({ taken, addressee, answer, replyHeaders, at, observer }))
  }

  /** The one way a request gets its outcome; `undefined` when nobody is to be told. */
  const settle = (
    request: OpenRequest,
    answer: Answer | undefined,
    replyHeaders: ReadonlyArray<RecordHeader>
  ): void => {
    if (request.isSettled) return
    request.isSettled = true
    const attempts = byId.get(request.id)?.filter((other) => other !== request) ?? []
    if (attempts.length === 0) byId.delete(request.id)
    else byId.set(request.id, attempts)
    const { envelope, record } = request
    const outcome = answer === undefined ? "cancelled" : labelOf(answer)
    const millis = now() - request.takenAt
    recorder.answered(envelope.operation, outcome, millis)
    const key = record.key === null ? undefined : Buffer.from(record.key).toString("utf8")
    const { offset, partition } = record
    const { attempt, operation } = envelope
    options.onAnswered?.({ operation, key, outcome, millis, attempt, partition, offset })
    if (answer === undefined) return close(request, true)
    // Its caller knows that it has started, and asked for no more.
    if (request.isAccepted) return partDone(request)
    request.parts = 1
    send(request, request, answer, replyHeaders)
  }

  // --- running ---

  const handling = Handling.make({
    options,
    clock,
    dedupe,
    recorder,
    settle,
    accept: (request, answer) => send(request, request, answer, []),
    release: (request) => releaseLane(request),
    leave: (request) => {
      request.isSettled = true
      close(request, false)
    }
  })

  const releaseLane = (request: OpenRequest): void => {
    if (!request.isInLane) return
    request.isInLane = false
    lanes.finished(request.laneKey)
  }

  const start = (request: OpenRequest): void => {
    running.add(request)
    recorder.running(running.size)
    sweeper.wakeBy(request.runBy)
    request.fiber = fork(Effect.uninterruptible(handling.handle(request)))
    request.fiber.addObserver((exit) => {
      running.delete(request)
      recorder.running(running.size)
      if (Exit.isFailure(exit) && request.stop !== "draining") {
        settle(request, rejected("internal", "the responder failed; see its log"), [])
      }
      releaseLane(request)
      makeRoom()
    })
  }

  const lanes = new RequestLanes<OpenRequest>(options.concurrency, (request) => {
    request.isInLane = true
    if (request.isSettled) return releaseLane(request)
    const waited = now() - request.takenAt
    if (waited > times.maxWait) {
      settle(request, rejected("overloaded", `it waited ${Math.round(waited)} ms for its turn`, times.retryAfter), [])
      return releaseLane(request)
    }
    if (now() >= request.runBy) {
      settle(request, rejected("expired", "its time was up before its turn came"), [])
      return releaseLane(request)
    }
    start(request)
  })

  const sweeper = yield* Sweeper.make((at) => {
    let next = Number.POSITIVE_INFINITY
    for (const request of running) {
      if (request.runUntil > at) next = Math.min(next, request.runUntil)
      else {
        interrupt(request, "expired")
        // A handler that cannot be interrupted does not hold its offset for ever.
        if (request.replyBy <= at) close(request, true)
        else next = Math.min(next, request.replyBy)
      }
    }
    return next
  })

  // --- taking ---

  const admit = (record: ConsumedRecord, ledger: OffsetLedger): void => {
    const wall = clock.currentTimeMillisUnsafe()
    const at = now()
    const intake = intakeOf(record, rules, wall)
    if (intake._tag === "Cancel") {
      onCancel(intake.correlationId)
      return ledger.done(record.offset)
    }
    if (intake._tag === "Refuse") {
      recorder.notExecuted(intake.kind, record, intake.reason)
      const taken = new TakenRecord(record, ledger, at + times.clockSkew)
      ownership.add(taken)
      const isDeadLetter = deadLetters !== undefined && intake.kind !== "expired"
      taken.parts = (intake.reply === undefined ? 0 : 1) + (isDeadLetter ? 1 : 0)
      if (isDeadLetter) deadLetters.offer(record, intake.reason, () => partDone(taken))
      if (intake.reply !== undefined) send(taken, intake.reply.addressee, intake.reply.answer, [])
      if (taken.parts === 0) close(taken, true)
      return
    }
    const { envelope, procedure, replyTo } = intake
    const replyBy = at + Math.min(times.maxTimeout, envelope.deadline - wall) + times.clockSkew
    const runBy = Math.min(replyBy, at + Math.min(times.maxTimeout, envelope.timeout))
    const request = new OpenRequest({ record, ledger, envelope, procedure, replyTo, takenAt: at, runBy, replyBy })
    request.parts = envelope.isDiscard ? 2 : 1
    ownership.add(request)
    recorder.open(ownership.open)
    const attempts = byId.get(request.id)
    if (attempts === undefined) byId.set(request.id, [request])
    else attempts.push(request)
    if (cancelled.has(request.id, at)) return settle(request, undefined, [])
    // The answer of a run that is going on is this one's answer too: no need to wait for a turn.
    if (handling.joins(request)) return start(request)
    if (request.laneKey !== undefined && lanes.waitingFor(request.laneKey) >= options.maxWaitingPerKey) {
      const message = `${options.maxWaitingPerKey} requests wait behind its key already`
      return settle(request, rejected("overloaded", message, times.retryAfter), [])
    }
    lanes.offer(request, request.laneKey)
  }

  const onCancel = (correlationId: Uint8Array): void => {
    const id = textKey(correlationId)
    const requests = byId.get(id)
    if (requests === undefined) return cancelled.add(id, now())
    for (const request of requests) handling.cancel(request, interrupt)
  }

  const forgetWaiting = (): void => {
    for (const request of lanes.clear(({ laneKey }) => laneKey)) {
      request.isSettled = true
      byId.delete(request.id)
      close(request, false)
    }
  }

  return {
    onAssigned: (partitions) => {
      forgetWaiting()
      full.clear()
      ownership.assign(partitions)
      isHeld = false
      lanes.resume()
    },
    onRecords: (records) => {
      for (const [index, record] of records.entries()) {
        const ledger = ownership.ledgerOf(record.partition)
        if (isHeld || ledger === undefined) return index
        if (lanes.waiting >= options.maxWaiting || !ledger.canTake(record.offset)) {
          full.add(record.partition)
          return index
        }
        if (!ledger.take(record.offset, record.timestamp)) {
          recorder.notExecuted("redelivered", record, "it is done already")
          onProgress()
        } else if (ownership.isOpen(record)) {
          recorder.notExecuted("redelivered", record, "it is being worked on already")
        } else admit(record, ledger)
      }
      return records.length
    },
    onControl: (records) => {
      for (const record of records) {
        const decoded = RequestEnvelope.decode(record.headers)
        if (Result.isSuccess(decoded) && decoded.success.kind === "cancel") onCancel(decoded.success.correlationId)
      }
    },
    hold: () => {
      isHeld = true
      lanes.hold()
      forgetWaiting()
    },
    idleWithin: (millis) =>
      Effect.suspend(() => {
        if (ownership.open === 0) return Effect.succeed(true)
        idle = Deferred.makeUnsafe<void>()
        return Deferred.await(idle).pipe(
          Effect.as(true),
          Effect.timeoutOrElse({ duration: Math.max(0, millis), orElse: () => Effect.succeed(false) })
        )
      }),
    abort: Effect.suspend(() => {
      for (const request of running) interrupt(request, "draining")
      return FiberSet.awaitEmpty(fibers)
    }),
    commits: () => ownership.commits(),
    running: () => running.size
  }
})

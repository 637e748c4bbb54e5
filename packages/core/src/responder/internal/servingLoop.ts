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
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { ConsumedRecord, UndecodableBatch } from "../../kafka/KafkaRecord.ts"
import type { RecordHeader } from "../../wire/RecordHeaders.ts"
import * as RequestEnvelope from "../../wire/RequestEnvelope.ts"
import { type Answer, labelOf, rejected } from "./answer.ts"
import { CancelledIds } from "./cancelledIds.ts"
import { Condition } from "./condition.ts"
import { FirstOutcomes } from "./firstOutcomes.ts"
import * as Handling from "./handling.ts"
import { intakeOf } from "./intake.ts"
import * as Listener from "./listener.ts"
import type { OffsetLedger } from "./offsetLedger.ts"
import { OpenRequest } from "./openRequest.ts"
import { Ownership } from "./ownership.ts"
import * as Replier from "./replier.ts"
import { RequestIndex } from "./requestIndex.ts"
import * as Room from "./room.ts"
import * as Runner from "./runner.ts"
import type { Environment, ServingLoop } from "./servingEnvironment.ts"
import { TakenRecord, textKey } from "./takenRecord.ts"
import { standInOf } from "./undecodable.ts"

// How long a refusal may take to be written; the record may have no legible deadline. As long as a leader takes to move.
const refusalPatienceMillis = 5_000

export const make = Effect.fnUntraced(function* (
  environment: Environment
): Effect.fn.Return<ServingLoop, never, Scope.Scope> {
  const { deadLetters, dedupe, onProgress, onRoom, options, procedures, publisher, recorder, times } = environment
  const clock = yield* Clock.Clock
  const ownership = new Ownership()
  const cancelled = new CancelledIds()
  const outcomes = new FirstOutcomes(environment.attempts, clock, recorder)
  const unsettled = new RequestIndex()
  const rules = { options, clockSkewMillis: times.clockSkew, procedures }
  let isHeld = true
  let isClosing = false
  const idle = new Condition(() => ownership.open === 0)

  const now = () => monotonicMillis(clock)

  // --- closing ---

  const close = (taken: TakenRecord, isDone: boolean): void => {
    if (taken.isClosed) return
    ownership.close(taken, isDone)
    if (taken instanceof OpenRequest && taken.entry !== undefined) taken.entry.pins--
    recorder.open(ownership.open)
    if (isDone) onProgress()
    makeRoom()
    idle.changed()
  }

  const partDone = (taken: TakenRecord): void => {
    taken.parts--
    if (taken.parts <= 0) close(taken, true)
  }

  const makeRoom = (): void => {
    if (!isHeld) room.changed()
  }

  const room = yield* Room.make({
    options,
    ownership,
    waiting: () => lanes.waiting,
    giveUp: (taken) => {
      recorder.replyAbandoned()
      partDone(taken)
    },
    onRoom
  })

  // --- answering ---

  const send = Replier.make({
    publisher,
    clock,
    recorder,
    origin: environment.origin,
    onSending: (taken, reply) => ownership.replying(taken, reply, now()),
    onDone: (taken) => partDone(taken),
    onLeft: (taken) => close(taken, false)
  })

  const tell = Listener.make(options.onAnswered, recorder.listenerFailed)

  /** The one way a request gets its outcome; `undefined` when nobody is to be told. */
  const settle = (
    request: OpenRequest,
    answer: Answer | undefined,
    replyHeaders: ReadonlyArray<RecordHeader>
  ): void => {
    if (request.isSettled) return
    request.isSettled = true
    unsettled.remove(request)
    const outcome = answer === undefined ? "cancelled" : labelOf(answer)
    const millis = now() - request.takenAt
    recorder.answered(request.envelope.operation, outcome, millis)
    tell(request, outcome, millis)
    outcomes.end(request, answer, replyHeaders)
    if (answer === undefined) return close(request, true)
    // Its caller knows that it has started, and asked for no more.
    if (request.isAccepted) return partDone(request)
    request.parts = 1
    send(request, request, answer, replyHeaders)
  }

  /** Whoever owns its partition next answers. */
  const leave = (request: OpenRequest): void => {
    request.isSettled = true
    unsettled.remove(request)
    close(request, false)
  }

  // --- running ---

  const again = (request: OpenRequest): void => {
    if (request.entry !== undefined) request.entry.pins--
    request.entry = undefined
    if (isHeld) leave(request)
    else runner.offer(request)
  }

  const handling = Handling.make({
    options,
    clock,
    dedupe,
    outcomes,
    recorder,
    settle,
    accept: (request, answer) => {
      outcomes.end(request, answer, [])
      send(request, request, answer, [])
    },
    // The place of a forked handler is free at once, whenever it ends.
    release: (request) => {
      runner.release(request)
      makeRoom()
    },
    leave,
    again
  })

  const runner: Runner.Runner = yield* Runner.make({
    concurrency: options.concurrency,
    times,
    clock,
    recorder,
    handle: handling.handle,
    died: handling.died,
    settle: (request, answer) => settle(request, answer, []),
    again,
    // Its reply is abandoned like any other that cannot be written in time.
    onOverdue: (request) => settle(request, rejected("expired", "its time was up while it ran"), []),
    onEnded: () => makeRoom()
  })
  const { lanes } = runner

  // --- taking ---

  const admit = (record: ConsumedRecord, ledger: OffsetLedger): void => {
    const wall = clock.currentTimeMillisUnsafe()
    const at = now()
    const intake = intakeOf(record, rules, wall)
    // Cancels go over the control topic, to all responders; here one means nothing (docs/protocol.md, 6).
    if (intake._tag === "Cancel") {
      ledger.done(record.offset)
      return onProgress()
    }
    if (intake._tag === "Refuse") {
      recorder.notExecuted(intake.kind, record, intake.reason)
      const taken = new TakenRecord(record, ledger, at + refusalPatienceMillis)
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
    unsettled.add(request)
    const repeat = outcomes.repeatOf(request)
    if (repeat !== undefined) return settle(request, repeat.answer, repeat.headers)
    if (cancelled.has(request.id, at)) return settle(request, undefined, [])
    // The answer of a run that is going on is this one's answer too: no need to wait for a turn.
    if (handling.joins(request)) return runner.start(request)
    if (request.laneKey !== undefined && lanes.waitingFor(request.laneKey) >= options.maxWaitingPerKey) {
      const message = `${options.maxWaitingPerKey} requests wait behind its key already`
      return settle(request, rejected("overloaded", message, times.retryAfter), [])
    }
    runner.offer(request)
  }

  /** Kept and passed over like a record that is malformed. */
  const passOver = ({ lastOffset, reason }: UndecodableBatch, record: ConsumedRecord, ledger: OffsetLedger): void => {
    recorder.notExecuted("undecodable", record, reason, lastOffset - record.offset + 1)
    const taken = new TakenRecord(record, ledger, now() + refusalPatienceMillis, lastOffset + 1)
    ownership.add(taken)
    if (deadLetters === undefined) close(taken, true)
    else deadLetters.offer(record, reason, () => partDone(taken))
  }

  /** Who is cancelled by a record of the control topic. Remembered in any case: another attempt may still come. */
  const cancelledBy = ({ headers }: ConsumedRecord): ReadonlyArray<OpenRequest> => {
    const decoded = RequestEnvelope.decode(headers)
    if (Result.isFailure(decoded) || decoded.success.kind !== "cancel") return []
    const id = textKey(decoded.success.correlationId)
    cancelled.add(id, now())
    return unsettled.get(id)
  }

  const forgetWaiting = (): void => {
    for (const request of lanes.clear(({ laneKey }) => laneKey)) leave(request)
  }

  return {
    onAssigned: (partitions) => {
      forgetWaiting()
      room.forget()
      ownership.assign(partitions)
      // A group may rebalance while a member of it closes.
      if (isClosing) return
      isHeld = false
      lanes.resume()
    },
    onRecords: (records) => {
      for (const [index, record] of records.entries()) {
        const ledger = ownership.ledgerOf(record.partition)
        if (isHeld || ledger === undefined) return index
        if (!room.isThereFor(record, ledger)) return index
        const isNew = ledger.take(record)
        recorder.lost(record, ledger.losses())
        if (!isNew) {
          recorder.notExecuted("redelivered", record, "it is done already")
          onProgress()
        } else if (ownership.isOpen(record)) {
          recorder.notExecuted("redelivered", record, "it is being worked on already")
        } else admit(record, ledger)
      }
      return records.length
    },
    onUndecodable: (batch) => {
      const ledger = ownership.ledgerOf(batch.partition)
      const record = standInOf(batch)
      if (isHeld || ledger === undefined || !room.isThereFor(record, ledger)) return false
      if (ledger.takeBatch(batch)) passOver(batch, record, ledger)
      recorder.lost(record, ledger.losses())
      return true
    },
    onControl: (records) => {
      const requests = records.flatMap(cancelledBy)
      // All of them first: interrupting one gives its turn to the next of its lane.
      for (const request of requests) settle(request, undefined, [])
      for (const request of requests) handling.cancel(request, Runner.interrupt)
    },
    hold: (isForGood = false) => {
      isHeld = true
      isClosing ||= isForGood
      lanes.hold()
      forgetWaiting()
    },
    idleWithin: (millis) => idle.metWithin(millis),
    abort: runner.abort,
    commits: () => ownership.commits(),
    running: runner.running
  }
})

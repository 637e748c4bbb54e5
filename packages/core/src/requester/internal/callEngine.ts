/**
 * The life of calls from "encoded" to "has an outcome": registering, sending attempts, matching replies, deadlines,
 * retries, closing. Knows bytes and envelopes, no schema.
 *
 * Order that matters: a call is in the table before its first attempt is offered, so no reply can come too early; and
 * everything that ends a call first removes it from the table, so it ends once.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { Operation } from "../../contract/Operation.ts"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import type { Publisher } from "../../publisher/Publisher.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import * as CorrelationId from "../../wire/CorrelationId.ts"
import * as HeaderNames from "../../wire/HeaderNames.ts"
import * as RecordHeaders from "../../wire/RecordHeaders.ts"
import * as ReplyEnvelope from "../../wire/ReplyEnvelope.ts"
import type { Options } from "../Options.ts"
import { Closed, NotSent, Overloaded, ReplyAddressLost, type RequestError } from "../RequestError.ts"
import type { CallRecorder } from "./callRecorder.ts"
import type { Canceller } from "./canceller.ts"
import { EndedCalls } from "./endedCalls.ts"
import { Attempt, type AttemptObserver, PendingCall, type Reply, type Resend } from "./pendingCall.ts"
import { closedOf, timeoutOf } from "./pendingError.ts"
import { PendingTable } from "./pendingTable.ts"
import { errorOfRejection, retryAfterOf } from "./rejection.ts"
import { requestErrorOf } from "./requestErrorOf.ts"
import { nextAttemptAt, RetryBudget, type RetryTimes } from "./retryDecision.ts"
import * as Sweeper from "../../host/Sweeper.ts"

/** A call that is encoded and ready to go. */
export interface Prepared {
  readonly operation: Operation
  readonly times: RetryTimes | undefined
  readonly deadline: number
  readonly startedAt: number
  readonly byteSize: number
  /** False: fail at once when Kafka is known to be unreachable, instead of waiting inside the deadline. */
  readonly waitsForReady: boolean
  /** Tells the contract's responders when nobody waits any more; undefined when nobody is to be told. */
  readonly canceller: Canceller | undefined
  /** Makes the record of an attempt, the first one being 1. */
  readonly recordOf: (correlationId: Uint8Array) => Resend
}

export interface CallEngine {
  /** Sends the request and waits for the reply that ends the call. */
  readonly exchange: (prepared: Prepared) => Effect.Effect<Reply, RequestError>
  /** Called with every record of the reply partition. Never throws. */
  readonly onReplies: (records: ReadonlyArray<ConsumedRecord>) => void
  /** Fails all pending calls: replies can no longer reach them. */
  readonly onReplyAddressLost: (error: TransportError) => void
  readonly inFlight: () => number
}

export interface Environment {
  readonly token: Uint8Array
  readonly publisher: Publisher
  readonly options: Options
  readonly recorder: CallRecorder
  /** Why replies cannot reach this requester now; undefined when they can. */
  readonly lostBecause: () => TransportError | undefined
}

export const make = Effect.fnUntraced(function* (
  environment: Environment
): Effect.fn.Return<CallEngine, never, Scope.Scope> {
  const { lostBecause, options, publisher, recorder, token } = environment
  const clock = yield* Clock.Clock
  const random = yield* Random.Random
  const table = new PendingTable()
  const ended = new EndedCalls()
  const budget = new RetryBudget(options.retryBudget, options.retryBudgetRatio)
  const empty = Deferred.makeUnsafe<void>()
  let nextNumber = 1
  let isClosing = false

  const now = () => monotonicMillis(clock)

  /** The one way a call ends. False when it had ended already. */
  const end = (call: PendingCall, exit: Exit.Exit<Reply, RequestError>, outcome: string): boolean => {
    if (!table.remove(call)) return false
    settle(call, exit, outcome)
    return true
  }

  const settle = (call: PendingCall, exit: Exit.Exit<Reply, RequestError>, outcome: string): void => {
    call.abandon()
    ended.ended(call.number, Exit.isSuccess(exit) ? "replied" : "given-up")
    recorder.ended(call.operation.tag, outcome, now() - call.startedAt, table.size)
    Deferred.doneUnsafe(call.outcome, exit)
    if (isClosing && table.size === 0) Deferred.doneUnsafe(empty, Exit.void)
  }

  const fail = (call: PendingCall, error: RequestError): boolean => end(call, Exit.fail(error), error.reason._tag)

  const observer: AttemptObserver = {
    onAttemptRefused: (call, attempt, error) => {
      call.refusal = error
      if (attempt.number !== call.newestAttempt) return
      // "Too late" is the sweeper's to say, with everything that is known then.
      if (error.isRetryable && call.waitsForReady) return
      const { operation } = call
      if (error.reason._tag === "TransportClosed") {
        fail(call, closedOf(call))
      } else if (call.delivery === "not-sent") {
        fail(call, requestErrorOf(operation, new NotSent({ operation: operation.tag, cause: error })))
      } else if (call.rejection !== undefined && !call.hasOpenAttempt) {
        // Every attempt before was rejected: no answer can come any more.
        fail(call, call.rejection)
      }
    }
  }

  const sendAttempt = (call: PendingCall, resend: Resend): void => {
    const attempt = new Attempt(call, call.newestAttempt + 1, resend(call.newestAttempt + 1), observer)
    call.attempts.push(attempt)
    const retry = call.times
    const isLast = retry === undefined || attempt.number >= retry.maxAttempts
    call.retryAt = isLast ? Number.POSITIVE_INFINITY : now() + retry.attemptMillis
    sweeper.wakeBy(Math.min(call.retryAt, call.deadline))
    publisher.offer(attempt)
  }

  const sweeper = yield* Sweeper.make((at) => {
    const due = table.takeDue(at)
    for (const call of due.expired) {
      const error = timeoutOf(call)
      settle(call, Exit.fail(error), error.reason._tag)
    }
    // A caller that was just told may have ended other calls.
    for (const call of due.retry) if (table.get(call.number) === call) retry(call)
    return due.next
  })

  const retry = (call: PendingCall): void => {
    const { operation, resend, times } = call
    call.retryAt = Number.POSITIVE_INFINITY
    if (resend === undefined || times === undefined) return
    // Only reads go elsewhere. The sweep under way looks at the new time when it is over.
    if (call.isWaiting && !operation.isSafe) return sweeper.wakeBy((call.retryAt = now() + times.attemptMillis))
    if (!budget.isOpen) {
      recorder.throttled()
      // A rejection says nothing of an attempt made after it, which may be answered yet.
      if (call.rejection !== undefined && !call.hasOpenAttempt) fail(call, call.rejection)
      return
    }
    budget.failed()
    recorder.retried(operation.tag)
    sendAttempt(call, resend)
  }

  const onRejected = (call: PendingCall, reply: Reply): void => {
    // An older attempt's refusal says nothing about the newer one that is under way.
    if ((reply.envelope.attempt ?? 1) !== call.newestAttempt) return recorder.ignored("stale")
    call.attempts.at(-1)!.isRejected = true
    const times = { nowMillis: clock.currentTimeMillisUnsafe(), remainingMillis: call.deadline - now() }
    const error = errorOfRejection(call.operation, reply, times)
    const retryTimes = call.times
    if (retryTimes !== undefined && error.isTransient) {
      call.rejection = error
      call.retryAt = nextAttemptAt({
        times: retryTimes,
        made: call.newestAttempt,
        now: now(),
        deadline: call.deadline,
        jitter: 0.8 + 0.4 * random.nextDoubleUnsafe(),
        retryAfter: retryAfterOf(reply)
      })
      if (Number.isFinite(call.retryAt)) return sweeper.wakeBy(call.retryAt)
    }
    fail(call, error)
  }

  const onReply = (record: ConsumedRecord): void => {
    const id = RecordHeaders.last(record.headers, HeaderNames.correlationId)
    const number = id === undefined ? undefined : CorrelationId.counterOf(id, token)
    if (number === undefined) return recorder.ignored("foreign")
    const call = table.get(number)
    if (call === undefined) {
      const known = ended.lookUp(number, nextNumber)
      return recorder.ignored(known === "replied" ? "duplicate" : known === "never-called" ? "forged" : "late")
    }
    const decoded = ReplyEnvelope.decode(record.headers)
    if (decoded._tag === "Failure") return recorder.ignored("malformed")
    const reply: Reply = { record, envelope: decoded.success }
    switch (reply.envelope.outcome) {
      case "rejected":
        return onRejected(call, reply)
      case "item":
      case "end":
        return recorder.ignored("malformed")
      default:
        budget.succeeded()
        end(call, Exit.succeed(reply), reply.envelope.outcome)
    }
  }

  const register = (prepared: Prepared): PendingCall => {
    const number = nextNumber++
    const correlationId = CorrelationId.make(token, number)
    const resend = prepared.recordOf(correlationId)
    const call = new PendingCall({
      number,
      correlationId,
      operation: prepared.operation,
      startedAt: prepared.startedAt,
      deadline: prepared.deadline,
      byteSize: prepared.byteSize,
      waitsForReady: prepared.waitsForReady,
      resend: prepared.times === undefined ? undefined : resend,
      times: prepared.times
    })
    ended.opened(number)
    table.add(call)
    recorder.started(table.size)
    sendAttempt(call, resend)
    return call
  }

  const refusalOf = ({ byteSize, operation }: Prepared): RequestError | undefined => {
    const { tag } = operation
    if (isClosing) return requestErrorOf(operation, new Closed({ operation: tag, delivery: "not-sent" }))
    const cause = lostBecause()
    if (cause !== undefined) {
      return requestErrorOf(operation, new ReplyAddressLost({ operation: tag, delivery: "not-sent", cause }))
    }
    if (table.size >= options.maxInFlight) {
      const value = options.maxInFlight
      return requestErrorOf(operation, new Overloaded({ operation: tag, limit: "maxInFlight", value }))
    }
    if (table.bytes + byteSize > options.maxInFlightBytes) {
      const value = options.maxInFlightBytes
      return requestErrorOf(operation, new Overloaded({ operation: tag, limit: "maxInFlightBytes", value }))
    }
    return undefined
  }

  const abandon = (call: PendingCall, canceller: Canceller | undefined): Effect.Effect<void> =>
    Effect.sync(() => {
      const mayBeWritten = call.delivery !== "not-sent"
      if (end(call, Exit.interrupt(), "cancelled") && mayBeWritten) canceller?.cancel(call)
    })

  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      isClosing = true
      if (table.size > 0) {
        yield* Deferred.await(empty).pipe(Effect.timeoutOption(Duration.fromInputUnsafe(options.drainTimeout)))
      }
      for (const call of table.takeAll()) {
        const error = closedOf(call)
        settle(call, Exit.fail(error), error.reason._tag)
      }
    })
  )

  return {
    exchange: (prepared) =>
      // Registering and arranging for the clean-up must not be separable by an interruption, or the entry leaks.
      Effect.uninterruptibleMask((restore) => {
        const refusal = refusalOf(prepared)
        if (refusal !== undefined) {
          recorder.refused(prepared.operation.tag, refusal.reason._tag)
          return Effect.fail(refusal)
        }
        const call = register(prepared)
        return restore(Deferred.await(call.outcome)).pipe(Effect.onInterrupt(() => abandon(call, prepared.canceller)))
      }),
    onReplies: (records) => {
      for (const record of records) onReply(record)
    },
    onReplyAddressLost: (error) => {
      for (const call of table.takeAll()) {
        const { delivery, operation } = call
        const lost = requestErrorOf(
          operation,
          new ReplyAddressLost({ operation: operation.tag, delivery, cause: error })
        )
        settle(call, Exit.fail(lost), lost.reason._tag)
      }
    },
    inFlight: () => table.size
  }
})

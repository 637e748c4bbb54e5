/**
 * From a request whose turn has come to its answer: decode, recognise duplicates, run, encode.
 *
 * Every path ends in `settle` for every request that waits for the run; who settles first decides.
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import { primaryKeyOf } from "../../contract/Operation.ts"
import * as PayloadCodec from "../../contract/PayloadCodec.ts"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import { parentOf } from "../../telemetry/TraceContext.ts"
import * as CorrelationId from "../../wire/CorrelationId.ts"
import * as IdempotencyKey from "../../wire/IdempotencyKey.ts"
import type { RecordHeader } from "../../wire/RecordHeaders.ts"
import type { Options } from "../Options.ts"
import { accepted, type Answer, answerOf, interrupted, rejected } from "./answer.ts"
import type { DedupeTable, Entry, Identity } from "./dedupeTable.ts"
import { messageOf } from "./causeMessage.ts"
import * as DefectLog from "./defectLog.ts"
import { conflictOf, type FirstOutcomes } from "./firstOutcomes.ts"
import { fingerprintOf } from "./fingerprint.ts"
import type { OpenRequest, Stop } from "./openRequest.ts"
import * as Procedure from "./procedure.ts"
import type { ServeRecorder } from "./serveRecorder.ts"

export interface Environment {
  readonly options: Options
  readonly clock: Clock.Clock
  readonly dedupe: DedupeTable<OpenRequest>
  readonly outcomes: FirstOutcomes
  readonly recorder: ServeRecorder
  /** Ends a request with an answer; `undefined` when nobody is to be told. Later calls for the same one do nothing. */
  readonly settle: (request: OpenRequest, answer: Answer | undefined, replyHeaders: ReadonlyArray<RecordHeader>) => void
  /** Tells a caller that wants no outcome that its request has started. */
  readonly accept: (request: OpenRequest, answer: Answer) => void
  /** Gives up the request's place in its lane. */
  readonly release: (request: OpenRequest) => void
  /** Leaves a request to whoever owns its partition next. */
  readonly leave: (request: OpenRequest) => void
  /** Gives a request another turn. */
  readonly again: (request: OpenRequest) => void
}

export interface Handling {
  /** The root of the request's fiber, uninterruptible; runs in its procedure's context, where the schemas' services are. */
  readonly handle: (request: OpenRequest) => Effect.Effect<void>
  /** That root failed. A value that is no effect, where one was due, ends a fiber without running what would catch it. */
  readonly died: (request: OpenRequest, cause: Cause.Cause<unknown>) => Effect.Effect<void>
  /** Whether a run of the same request is going on and will go on, so that this one needs no turn of its own. */
  readonly joins: (request: OpenRequest) => boolean
  /** The caller has gone. The handler is interrupted when nobody else waits for its run. */
  readonly cancel: (request: OpenRequest, interrupt: (request: OpenRequest, stop: Stop) => void) => void
}

// With the length of the operation's name: both parts may contain anything.
const byKey = (operation: string, key: string): string => `k${operation.length} ${operation}${key}`
const byCall = (request: OpenRequest): string => `c ${request.envelope.operation} ${request.id}`

const none: ReadonlyArray<RecordHeader> = []

const failure = rejected("internal", "the responder failed; see its log")

/** Whether the outcome is kept for repeated requests: success, and what the contract calls a final error. */
const isStorable = (request: OpenRequest, exit: Exit.Exit<unknown, unknown>, answer: Answer): boolean => {
  if (!request.procedure.operation.storesReplies) return false
  if (answer.outcome === "success") return true
  if (answer.outcome !== "failure" || !Exit.isFailure(exit)) return false
  const reason = exit.cause.reasons[0]
  return reason !== undefined && Cause.isFailReason(reason) && request.procedure.operation.isFinalError(reason.error)
}

/** Whether the run was stopped for a reason that does not concern this waiter: it came when the run was being stopped. */
const isForAnother = (
  { stop }: OpenRequest,
  waiter: OpenRequest,
  exit: Exit.Exit<unknown, unknown>,
  now: number
): boolean =>
  stop !== undefined &&
  waiter.stop === undefined &&
  Exit.isFailure(exit) &&
  Cause.hasInterruptsOnly(exit.cause) &&
  (stop === "cancelled" || waiter.runBy > now)

export const make = (environment: Environment): Handling => {
  const { accept, again, clock, dedupe, leave, options, outcomes, recorder, release, settle } = environment

  // Callers then know a defect by its id only, which must be found in the log.
  const logDefect = DefectLog.make(clock, options.hideDefects)
  let requestIds = 0

  const start = (request: OpenRequest): void => {
    if (!request.envelope.isDiscard || request.isAccepted || request.isSettled) return
    request.isAccepted = true
    accept(request, accepted)
  }

  const invoke = (request: OpenRequest, payload: unknown, replyHeaders: Array<RecordHeader>) => {
    const { envelope, procedure, record } = request
    const { attempt, callHeaders, correlationId, key, operation, traceparent } = envelope
    const { offset, partition, timestamp, topic } = record
    const info = { topic, partition, offset, timestamp, correlationId, attempt, key, headers: callHeaders }
    const run = Procedure.run(procedure, {
      payload,
      info,
      deadline: request.runBy,
      requestId: requestIds++,
      replyHeaders,
      onStarted: (isForked) => {
        start(request)
        if (isForked) release(request)
      }
    })
    const parent = traceparent === undefined || options.tracing === "never" ? undefined : parentOf(traceparent)
    if (parent === undefined) return run
    const attributes = { "rpc.system": "kafka", "rpc.method": operation, "messaging.kafka.offset": offset }
    // The span is of the handler, whose failure is its own.
    const handler = Effect.flatMap(run, (exit) => exit)
    return Effect.exit(Effect.withSpan(handler, operation, { kind: "server", parent, attributes }))
  }

  /** What the waiters of a run are told. */
  const answerTo = (request: OpenRequest, exit: Exit.Exit<unknown, unknown>): Effect.Effect<Answer | undefined> => {
    if (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)) {
      if (request.stop === "expired") return Effect.succeed(rejected("expired", "its time was up while it ran"))
      return Effect.succeed(request.stop === undefined ? interrupted : undefined)
    }
    const { operation } = request.procedure
    const answer = answerOf(operation, exit, options.maxReplyBytes)
    if (Exit.isSuccess(exit) || !Cause.hasDies(exit.cause)) return answer
    const id = CorrelationId.toHex(request.correlationId)
    const report = logDefect(operation.tag, id, exit.cause)
    const shown = options.hideDefects ? Effect.succeed(rejected("internal", `internal error, id ${id}`)) : answer
    return Effect.andThen(report, shown)
  }

  const waitersOf = (
    request: OpenRequest,
    entry: Entry<OpenRequest> | undefined,
    exit: Exit.Exit<unknown, unknown>,
    answer: Answer | undefined,
    headers: ReadonlyArray<RecordHeader>
  ): ReadonlyArray<OpenRequest> => {
    if (entry === undefined) return [request]
    if (answer === undefined || !isStorable(request, exit, answer)) return dedupe.forget(entry)
    for (const waiter of entry.waiters) waiter.isFinal = true
    const { operation } = request.procedure
    if (!operation.hasPrimaryKey) return dedupe.forget(entry)
    // What a fiber that outlives the handler adds is too late for this reply, and for those of repeated requests.
    const limits = {
      entries: operation.dedupeEntries ?? options.dedupeEntries,
      ageMillis: Duration.toMillis(operation.dedupeAge ?? options.dedupeAge)
    }
    const { evicted, waiters } = dedupe.finish(entry, { ...answer, headers }, limits, monotonicMillis(clock))
    recorder.evicted(evicted)
    return waiters
  }

  const run = (request: OpenRequest, payload: unknown, entry: Entry<OpenRequest> | undefined): Effect.Effect<void> => {
    const replyHeaders: Array<RecordHeader> = []
    return Effect.flatMap(invoke(request, payload, replyHeaders), (exit) =>
      Effect.map(answerTo(request, exit), (answer) => {
        const waiters = waitersOf(request, entry, exit, answer, replyHeaders)
        const now = monotonicMillis(clock)
        for (const waiter of waiters) {
          if (request.stop === "draining" && answer === undefined) leave(waiter)
          else if (isForAnother(request, waiter, exit, now)) again(waiter)
          else settle(waiter, answer, replyHeaders)
        }
      })
    ).pipe(Effect.catchCause((cause) => failed(request, entry, cause)))
  }

  /** The contract's own code threw around the handler: the run is over for all who wait for it, or its key would hang. */
  const failed = (
    request: OpenRequest,
    entry: Entry<OpenRequest> | undefined,
    cause: Cause.Cause<unknown>
  ): Effect.Effect<void> => {
    const { tag } = request.procedure.operation
    return Effect.andThen(
      Effect.logError(
        `the answer of ${tag} could not be made (call ${CorrelationId.toHex(request.correlationId)})`,
        cause
      ),
      Effect.sync(() => {
        for (const waiter of entry === undefined ? [request] : dedupe.forget(entry)) settle(waiter, failure, none)
      })
    )
  }

  const claim = (request: OpenRequest, payload: unknown, identity: Identity) => {
    // Its schema may have taken its time for the fingerprint. What is closed would pin its entry for ever.
    if (request.isSettled || request.stop !== undefined) return Effect.sync(() => stoppedEarly(request))
    // The same attempt may have ended while this one waited for its turn.
    const repeat = outcomes.repeatOf(request)
    if (repeat !== undefined) return Effect.sync(() => settle(request, repeat.answer, repeat.headers))
    const claimed = dedupe.claim(identity, request, monotonicMillis(clock))
    if (claimed._tag === "Conflict") {
      recorder.duplicate("conflict")
      return Effect.sync(() => settle(request, conflictOf("key"), none))
    }
    const { entry } = claimed
    // The run ended meanwhile, or its key is not the one that the headers named.
    if (claimed._tag === "Fresh" && !request.isInLane) {
      dedupe.forget(entry)
      request.needsTurn = true
      return Effect.void
    }
    request.entry = entry
    entry.pins++
    if (claimed._tag === "Fresh") return run(request, payload, entry)
    if (claimed._tag === "Done") {
      recorder.duplicate("replayed")
      const { reply } = claimed
      return Effect.sync(() => {
        // Who wants no outcome is told no more than the first time.
        start(request)
        settle(request, reply, reply.headers)
      })
    }
    recorder.duplicate("joined")
    const { owner } = claimed
    owner.runUntil = Math.max(owner.runUntil, request.runBy)
    // In this very step: between it and another one the run may end, and its answer would be told to who wants none.
    start(request)
    return Effect.void
  }

  /** Somebody stopped the request before its handler started. */
  const stoppedEarly = (request: OpenRequest): void => {
    if (request.stop === "draining") leave(request)
    else settle(request, request.stop === "expired" ? rejected("expired", "its time was up") : undefined, none)
  }

  const execute = (request: OpenRequest, payload: unknown): Effect.Effect<void> => {
    const { operation } = request.procedure
    if (request.isSettled) return Effect.void
    if (request.stop !== undefined) return Effect.sync(() => stoppedEarly(request))
    if (operation.isSafe) return run(request, payload, undefined)
    const key = operation.hasPrimaryKey ? primaryKeyOf(payload) : undefined
    const { tag } = operation
    if (key === undefined) {
      return claim(request, payload, { id: byCall(request), operation: tag, fingerprint: String(request.check) })
    }
    return fingerprintOf(operation, payload).pipe(
      Effect.flatMap((fingerprint) =>
        claim(request, payload, { id: byKey(tag, IdempotencyKey.onWire(key)), operation: tag, fingerprint })
      )
    )
  }

  return {
    handle: (request) =>
      Effect.suspend(() => {
        const { operation } = request.procedure
        const invalid = (detail: string) => settle(request, rejected("invalid", detail), none)
        const body = PayloadCodec.json.fromBytes(request.record.value)
        if (Result.isFailure(body)) {
          invalid(`the payload is no JSON: ${body.failure}`)
          return Effect.void
        }
        return operation.payload.decode(body.success).pipe(
          Effect.interruptible,
          Effect.exit,
          Effect.flatMap((exit) => {
            if (Exit.isSuccess(exit)) return execute(request, exit.value)
            if (request.stop !== undefined) stoppedEarly(request)
            else invalid(`the payload does not fit the contract: ${messageOf(exit.cause)}`)
            return Effect.void
          })
        )
      }),
    died: (request, cause) => {
      const { entry } = request
      const isOwner = entry !== undefined && dedupe.ownerOf(entry.id) === request
      return failed(request, isOwner ? entry : undefined, cause)
    },
    joins: (request) => {
      const { procedure } = request
      const { operation } = procedure
      if (operation.isSafe) return false
      const { key } = request.envelope
      const id = operation.hasPrimaryKey && key !== undefined ? byKey(operation.tag, key) : byCall(request)
      const owner = dedupe.ownerOf(id)
      return owner !== undefined && owner.stop === undefined
    },
    cancel: (request, interrupt) => {
      const { entry } = request
      settle(request, undefined, none)
      if (entry === undefined || entry.reply !== undefined) return interrupt(request, "cancelled")
      entry.waiters = entry.waiters.filter((waiter) => waiter !== request)
      if (entry.waiters.length === 0 && entry.owner !== undefined) interrupt(entry.owner, "cancelled")
    }
  }
}

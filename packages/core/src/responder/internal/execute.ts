/**
 * What the fiber of a run does: decode the payload, pass the middleware, ask whether to run, run the handler, and make an
 * answer of its exit. The fiber's value says how it ended; nothing else comes of it.
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import { primaryKeyOf } from "../../contract/Operation.ts"
import * as PayloadCodec from "../../contract/PayloadCodec.ts"
import { parentOf } from "../../telemetry/TraceContext.ts"
import * as CorrelationId from "../../wire/CorrelationId.ts"
import type { RecordHeader } from "../../wire/RecordHeaders.ts"
import type { Options } from "../Options.ts"
import { rejectionIn } from "../Rejection.ts"
import type { RequestInfo } from "../RequestInfo.ts"
import { type Answer, answerOf, rejected } from "./answer.ts"
import { messageOf } from "./causeMessage.ts"
import type { DefectLog } from "./defectLog.ts"
import { fingerprintOf } from "./fingerprint.ts"
import * as Procedure from "./procedure.ts"
import { type Claimed, claimOf } from "./claims.ts"
import { next } from "./readyEffect.ts"
import type { Ended, Run } from "./state.ts"

export interface ExecutionDependencies {
  readonly options: Pick<Options, "hideDefects" | "maxReplyBytes" | "tracing">
  readonly logDefect: DefectLog
  /** What the run may do, now that the turn of its handler has come. */
  readonly claim: (run: Run, id: string, fingerprint: string, identity: string | undefined) => Claimed
  /** The handler was started. */
  readonly onStarted: (run: Run, isForked: boolean) => void
}

const stopped: Ended = { _tag: "Stopped" }
const passed: Ended = { _tag: "Passed" }
const none: ReadonlyArray<RecordHeader> = []

const answered = (answer: Answer, headers: ReadonlyArray<RecordHeader> = none, isKept = false): Ended => ({
  _tag: "Answered",
  answer,
  headers,
  isKept
})

/** The responder's own failure; its cause is in the log. */
export const failure = answered(rejected("internal", "the responder failed; see its log"))

/** What a handler can know of its request. */
const infoOf = ({ envelope, record }: Run["request"]): RequestInfo => ({
  topic: record.topic,
  partition: record.partition,
  offset: record.offset,
  timestamp: record.timestamp,
  correlationId: envelope.correlationId,
  attempt: envelope.attempt,
  key: envelope.key,
  headers: envelope.callHeaders
})

export class Execution implements Procedure.Invocation {
  readonly #environment: ExecutionDependencies
  readonly #run: Run
  readonly requestId: number
  readonly info: RequestInfo
  payload: unknown
  ownExit: Exit.Exit<unknown, unknown> | undefined
  scope: Scope.Closeable | undefined
  #replyHeaders: Array<RecordHeader> | undefined
  #claim: string | undefined
  #fingerprint = ""
  #claimed: Claimed | undefined

  constructor(environment: ExecutionDependencies, run: Run, requestId: number) {
    this.#environment = environment
    this.#run = run
    this.requestId = requestId
    this.info = run.request.info = infoOf(run.request)
  }

  /** The context of the fiber, if there is one. */
  context(): Context.Context<never> {
    const { envelope, procedure } = this.#run.request
    this.#replyHeaders = []
    this.scope = Scope.makeUnsafe()
    return Procedure.contextOf(procedure, {
      deadline: this.#run,
      ancestry: this.#run.request,
      info: this.info,
      replyHeaders: this.#replyHeaders,
      scope: this.scope,
      logged: {
        "rpc.method": envelope.operation,
        // Few handlers log anything.
        get "rr.call"() {
          return CorrelationId.toHex(envelope.correlationId)
        }
      }
    })
  }

  /**
   * How the run ended, as an exit, when nothing of it had to wait; otherwise what is to be run by a fiber, uninterruptibly
   * and in `context()`. Never throws.
   */
  begin(): Effect.Effect<Ended> {
    try {
      return this.#decode()
    } catch (thrown) {
      return this.#failed(Cause.die(thrown))
    }
  }

  #decode(): Effect.Effect<Ended> {
    const { procedure, record } = this.#run.request
    const body = PayloadCodec.json.fromBytes(record.value)
    if (Result.isFailure(body)) {
      return Effect.succeed(answered(rejected("invalid", `the payload is no JSON: ${body.failure}`)))
    }
    const decoding = procedure.operation.payload.decode(body.success)
    return Exit.isExit(decoding)
      ? this.#decoded(decoding as Exit.Exit<unknown, unknown>)
      : Effect.flatMap(Effect.exit(Effect.interruptible(decoding)), (exit) => this.#decoded(exit))
  }

  #decoded(exit: Exit.Exit<unknown, unknown>): Effect.Effect<Ended> {
    if (Exit.isSuccess(exit)) return this.#invoke(exit.value)
    if (this.#run.stop !== undefined) return Effect.succeed(stopped)
    const detail = `the payload does not fit the contract: ${messageOf(exit.cause)}`
    return Effect.succeed(answered(rejected("invalid", detail)))
  }

  #invoke(payload: unknown): Effect.Effect<Ended> {
    const run = this.#run
    if (run.stop !== undefined) return Effect.succeed(stopped)
    if (run.request.isSettled) return Effect.succeed(passed)
    this.payload = payload
    const { operation } = run.request.procedure
    if (operation.isSafe) return this.#through()
    const key = operation.hasPrimaryKey ? primaryKeyOf(payload) : undefined
    this.#claim = key === undefined ? claimOf(run.request, undefined, false) : claimOf(run.request, key)
    const fingerprint =
      key === undefined
        ? // Made when the request was taken, for all records of its call.
          Effect.succeed(run.request.call!.fingerprint!)
        : fingerprintOf(operation, payload)
    return next(fingerprint, (text) => {
      this.#fingerprint = text
      return this.#through()
    })
  }

  /** Through the middleware to the handler, and with its exit to an answer. */
  #through(): Effect.Effect<Ended> {
    const { procedure } = this.#run.request
    const ran = this.#isTraced()
      ? this.#traced(Effect.suspend(() => Procedure.run(procedure, this)))
      : Procedure.run(procedure, this)
    const ended = next(ran, (exit) => this.#ended(exit))
    return Exit.isExit(ended) ? ended : Effect.catchCause(ended, (cause) => this.#failed(cause))
  }

  instead(identity: string | undefined): Effect.Effect<unknown> | undefined {
    if (this.#claim === undefined) return undefined
    const { claim } = this.#environment
    const claimed = (this.#claimed = claim(this.#run, this.#claim, this.#fingerprint, identity))
    return claimed._tag === "Run" ? undefined : Effect.void
  }

  onStarted(isForked: boolean): void {
    this.#environment.onStarted(this.#run, isForked)
  }

  #isTraced(): boolean {
    return this.#run.request.envelope.traceparent !== undefined && this.#environment.options.tracing !== "never"
  }

  #traced(run: Effect.Effect<Exit.Exit<unknown, unknown>>): Effect.Effect<Exit.Exit<unknown, unknown>> {
    const { operation, traceparent } = this.#run.request.envelope
    const parent = parentOf(traceparent!)
    if (parent === undefined) return run
    const attributes = {
      "rpc.system": "kafka",
      "rpc.method": operation,
      "messaging.kafka.offset": this.#run.request.record.offset
    }
    // The span is of the handler, whose failure is its own.
    const handler = Effect.flatMap(run, (exit) => exit)
    return Effect.exit(Effect.withSpan(handler, operation, { kind: "server", parent, attributes }))
  }

  /** The middleware may refuse what a claim would have answered otherwise. */
  #ended(exit: Exit.Exit<unknown, unknown>): Effect.Effect<Ended> {
    const claimed = this.#claimed
    if (claimed !== undefined && claimed._tag !== "Run" && Exit.isSuccess(exit)) {
      if (claimed._tag === "Replay") {
        const { body, headers, outcome } = claimed.kept.reply
        return Effect.succeed(answered({ outcome, body }, headers))
      }
      if (claimed._tag === "Refuse") return Effect.succeed(answered(claimed.answer))
      return Effect.succeed(claimed._tag === "Stop" ? stopped : passed)
    }
    if (Exit.isFailure(exit)) {
      if (Cause.hasInterruptsOnly(exit.cause)) return Effect.succeed(claimed?._tag === "Pass" ? passed : stopped)
      // A finalizer that dies while the handler is interrupted makes no outcome of it: the next owner runs it.
      if (this.#run.stop === "draining" && Cause.hasInterrupts(exit.cause)) return Effect.succeed(stopped)
    }
    return next(this.#answer(exit), (answer) => {
      // What a fiber that outlives the handler adds is too late for this reply, and for those of repeated requests.
      const added = this.#replyHeaders
      const headers = added === undefined || added.length === 0 ? none : added.slice()
      return Effect.succeed(answered(answer, headers, this.#isKept(exit, answer)))
    })
  }

  #answer(exit: Exit.Exit<unknown, unknown>): Effect.Effect<Answer> {
    const { procedure, correlationId } = this.#run.request
    const { hideDefects, maxReplyBytes } = this.#environment.options
    const rejection = Exit.isFailure(exit) ? rejectionIn(exit.cause) : undefined
    if (rejection !== undefined) {
      return Effect.succeed(rejected(rejection.status, rejection.message, rejection.retryAfterMillis))
    }
    const answer = answerOf(procedure.operation, exit, maxReplyBytes, hideDefects)
    if (Exit.isSuccess(exit) || !Cause.hasDies(exit.cause)) return answer
    const id = CorrelationId.toHex(correlationId)
    const report = this.#environment.logDefect(procedure.operation.tag, id, exit.cause)
    // Callers then know a defect by its id only, which must be found in the log.
    return Effect.andThen(
      report,
      hideDefects ? Effect.succeed(rejected("internal", `internal error, id ${id}`)) : answer
    )
  }

  /** Whether repeated requests get this answer: success, and what the contract calls a final error. */
  #isKept(exit: Exit.Exit<unknown, unknown>, { outcome }: Answer): boolean {
    const { operation } = this.#run.request.procedure
    if (!operation.storesReplies || !(operation.hasPrimaryKey || operation.isIdempotent)) return false
    if (outcome === "success") return true
    if (outcome !== "failure" || !Exit.isFailure(exit)) return false
    const reason = exit.cause.reasons[0]
    return reason !== undefined && Cause.isFailReason(reason) && operation.isFinal(reason.error)
  }

  /** The contract's own code threw around the handler: the run is over for all who wait for it, or its key would hang. */
  #failed(cause: Cause.Cause<unknown>): Effect.Effect<Ended> {
    const { correlationId, procedure } = this.#run.request
    const what = `the answer of ${procedure.operation.tag} could not be made (call ${CorrelationId.toHex(correlationId)})`
    return Effect.as(Effect.logError(what, cause), failure)
  }
}

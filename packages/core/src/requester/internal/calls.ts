/**
 * The life of calls from "encoded" to "has an outcome": register, send, retry, expire, close. Knows bytes and envelopes,
 * no schema.
 *
 * Order that matters: a call is in the table before its first attempt is offered, so no reply can come too early;
 * everything that ends a call first removes it from the table, so it ends once; and callers are resumed after the loop
 * that ended their calls is through, each guarded, because foreign code runs then.
 */
import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Random from "effect/Random"
import type { EventLoop } from "../../host/EventLoop.ts"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { Sweeper } from "../../host/Sweeper.ts"
import type { ThrownReport } from "../../host/ThrownReport.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { Publisher } from "../../publisher/Publisher.ts"
import * as CorrelationId from "../../wire/CorrelationId.ts"
import type { ReplyAddress } from "../../wire/ReplyAddress.ts"
import * as RequestEnvelope from "../../wire/RequestEnvelope.ts"
import type { Options } from "../Options.ts"
import type { RequestError } from "../RequestError.ts"
import { type Attempt, Call, type CallOwner, type Reply } from "./call.ts"
import * as CallErrors from "./callErrors.ts"
import type { CallHistory } from "./callHistory.ts"
import type { CallRecorder } from "./callRecorder.ts"
import { CallTable } from "./callTable.ts"
import type { ContractRoute } from "./contractRoute.ts"
import { EndedCalls } from "./endedCalls.ts"
import { FinishedCalls } from "./finishedCalls.ts"
import type { RequestTemplate } from "./prepare.ts"
import { errorOfRejection } from "./rejection.ts"
import { nextAttemptAt, nextStep, RetryBudget } from "./retry.ts"
import { SlowCalls } from "./slowCalls.ts"

export interface CallsDependencies {
  readonly token: Uint8Array
  readonly publisher: Publisher
  readonly options: Options
  readonly recorder: CallRecorder
  /** The requester's clock: that of all deadlines, whatever clock a caller's fiber has. */
  readonly clock: Clock.Clock
  readonly random: (typeof Random.Random)["Service"]
  readonly eventLoop: EventLoop
  readonly sweeper: Sweeper
  readonly report: ThrownReport
}

export class Calls implements CallOwner {
  readonly #deps: CallsDependencies
  readonly #table = new CallTable()
  readonly #ended = new EndedCalls()
  readonly #budget: RetryBudget
  readonly #slow: SlowCalls
  readonly #idle = Deferred.makeUnsafe<void>()
  readonly #finished: FinishedCalls
  #nextNumber = 1
  #isClosing = false
  /** Where replies come to, once the inbox is open. */
  #replyTo: ReplyAddress | undefined
  #lostBecause: TransportError | undefined

  constructor(deps: CallsDependencies) {
    const { eventLoop, options, report, sweeper } = deps
    this.#deps = deps
    this.#finished = new FinishedCalls(report, eventLoop)
    this.#budget = new RetryBudget(options.retryBudget, options.retryBudgetRatio)
    this.#slow = new SlowCalls({
      maxCalls: options.maxInFlight,
      report,
      wakeBy: sweeper.wakeBy,
      left: () => this.#idleWhenClosing()
    })
  }

  get inFlight(): number {
    return this.#table.size
  }

  /** Monotonic milliseconds of the requester's clock. */
  now(): number {
    return monotonicMillis(this.#deps.clock)
  }

  /** Epoch milliseconds of the requester's clock. */
  wallMillis(): number {
    return this.#deps.clock.currentTimeMillisUnsafe()
  }

  /** Sends the request and waits for the reply that ends the call. */
  exchange(
    template: RequestTemplate,
    route: ContractRoute,
    history: CallHistory | undefined
  ): Effect.Effect<Reply, RequestError> {
    // Registering and arranging for the clean-up are one step: no interruption comes between, or the entry would leak.
    return Effect.callback<Reply, RequestError>((resume) => {
      const refusal = this.#refusalOf(template)
      if (refusal !== undefined) {
        this.#deps.recorder.refused(template.operation.tag, refusal.reason._tag)
        return resume(Effect.fail(history === undefined ? refusal : history.toldOf(refusal)))
      }
      const call = this.#register(template, route, history, resume)
      return Effect.sync(() => this.#interrupted(call))
    })
  }

  /** Runs what is more than one exchange under the deadline of its call. */
  within<A, E, R>(history: CallHistory, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | RequestError, R> {
    return this.#slow.within(history, effect)
  }

  // --- sending ---

  #refusalOf(template: RequestTemplate): RequestError | undefined {
    const load = {
      isClosing: this.#isClosing,
      lostBecause: this.#lostBecause,
      calls: this.#table.size,
      bytes: this.#table.bytes
    }
    return CallErrors.refusalOf(template, load, this.#deps.options, this.now())
  }

  #register(
    template: RequestTemplate,
    route: ContractRoute,
    history: CallHistory | undefined,
    resume: (exit: Exit.Exit<Reply, RequestError>) => void
  ): Call {
    const { publisher, recorder, sweeper, token } = this.#deps
    const number = this.#nextNumber++
    const correlationId = CorrelationId.make(token, number)
    const { fields, key, policy, value } = template
    const headers = RequestEnvelope.encodeAttempt(fields, fields.timeout, correlationId, this.#replyTo, 1)
    const record = { topic: route.router.topic, partition: route.router.route(key, 0), key, value, headers }
    const call = new Call(record, { owner: this, number, correlationId, template, route, resume, history })
    this.#ended.opened(number)
    this.#table.add(call)
    recorder.started(this.#table.size)
    if (policy !== undefined && policy.maxAttempts > 1 && policy.attemptMillis !== Number.POSITIVE_INFINITY) {
      call.retryAt = this.now() + policy.attemptMillis
    }
    sweeper.wakeBy(Math.min(call.retryAt, call.deadline))
    publisher.offer(call)
    return call
  }

  #sendAgain(call: Call, now: number): void {
    const { operation, policy } = call.template
    const { fields, key, value } = call.template
    const { router } = call.route
    const ordinal = call.made + 1
    // Retries of an unsafe operation go to the first attempt's partition: only that responder can deduplicate them.
    const partition = operation.isSafe ? router.route(key, ordinal - 1) : call.partition
    const left = Math.max(0, Math.round(call.deadline - now))
    const headers = RequestEnvelope.encodeAttempt(fields, left, call.correlationId, this.#replyTo, ordinal)
    const retry = call.again({ topic: call.topic, partition, key, value, headers })
    const isLast = policy === undefined || ordinal >= policy.maxAttempts
    call.retryAt = isLast ? Number.POSITIVE_INFINITY : now + policy.attemptMillis
    this.#deps.sweeper.wakeBy(call.retryAt)
    this.#deps.publisher.offer(retry)
  }

  #retry(call: Call, now: number): void {
    const { recorder, sweeper } = this.#deps
    switch (nextStep(call, this.#budget)) {
      case "none":
        call.retryAt = Number.POSITIVE_INFINITY
        return
      case "wait":
        return sweeper.wakeBy((call.retryAt = now + call.template.policy!.attemptMillis))
      case "send":
        call.isThrottled = false
        recorder.retried(call.tag)
        return this.#sendAgain(call, now)
      case "give-up":
        recorder.throttled()
        return void this.#fail(call, call.rejection!, now)
      case "throttle":
        if (!call.isThrottled) recorder.throttled()
        call.isThrottled = true
        // Successes of other calls may open the budget again.
        sweeper.wakeBy((call.retryAt = now + Math.max(1, call.template.policy!.baseMillis)))
    }
  }

  // --- what ends a call ---

  /** The call of this number that waits for a reply, or why there is none. */
  waiting(number: number): Call | "duplicate" | "forged" | "late" {
    const call = this.#table.get(number)
    if (call !== undefined) return call
    const known = this.#ended.lookUp(number, this.#nextNumber)
    return known === "replied" ? "duplicate" : known === "never-called" ? "forged" : "late"
  }

  /** A reply that ends its call. */
  answered(call: Call, reply: Reply, now: number): void {
    this.#budget.succeeded()
    this.#end(call, Exit.succeed(reply), reply.envelope.outcome, now)
  }

  /** A reply that says that an attempt was not executed. */
  rejected(call: Call, reply: Reply, now: number): void {
    const { clock, random, recorder, sweeper } = this.#deps
    // An older attempt's rejection says nothing about the newer one that is under way.
    if ((reply.envelope.attempt ?? 1) !== call.made) return recorder.ignored("stale")
    call.newest.isRejected = true
    const time = { nowMillis: clock.currentTimeMillisUnsafe(), remainingMillis: call.deadline - now }
    const error = errorOfRejection(call.template.operation, reply, time)
    if (error.isTransient) this.#budget.failed()
    const { policy } = call.template
    if (policy !== undefined && error.isTransient) {
      call.rejection = error
      call.retryAt = nextAttemptAt({
        times: policy,
        made: call.made,
        now,
        deadline: call.deadline,
        jitter: 0.8 + 0.4 * random.nextDoubleUnsafe(),
        retryAfter: reply.envelope.retryAfter
      })
      if (Number.isFinite(call.retryAt)) return sweeper.wakeBy(call.retryAt)
    }
    this.#fail(call, error, now)
  }

  /** A reply that is certainly its own, and cannot be used. */
  unusable(call: Call, error: RequestError, now: number): void {
    this.#fail(call, error, now)
  }

  attemptRefused(attempt: Attempt, error: TransportError): void {
    const { call } = attempt
    call.refusal = error
    if (attempt.ordinal !== call.made) return
    // "Too late" is the sweeper's to say, with everything that is known then.
    if (error.isRetryable && call.waits) return
    const failure = CallErrors.refusedForGood(call, error)
    if (failure === undefined || !this.#fail(call, failure, this.now())) return
    // The publisher is in the middle of its own loop.
    this.#finished.resumeSoon(() => this.#idleWhenClosing())
  }

  #interrupted(call: Call): void {
    const mayBeWritten = call.furthest !== "not-sent"
    if (!this.#table.remove(call)) return
    this.#settle(call, false, "cancelled", this.now())
    if (mayBeWritten) {
      const { correlationId, deadline, tag } = call
      call.route.canceller?.cancel({ operation: tag, correlationId, deadline })
    }
    this.#idleWhenClosing()
  }

  #fail(call: Call, error: RequestError, now: number): boolean {
    return this.#end(call, this.#failure(call, error), error.reason._tag, now)
  }

  /** As it is true of the whole call. */
  #failure({ history }: Call, error: RequestError): Exit.Exit<never, RequestError> {
    return Exit.fail(history === undefined ? error : history.toldOf(error))
  }

  /** The one way to an outcome. False when there was one already. */
  #end(call: Call, exit: Exit.Exit<Reply, RequestError>, outcome: string, now: number): boolean {
    if (!this.#table.remove(call)) return false
    this.#finish(call, exit, outcome, now)
    return true
  }

  #finish(call: Call, exit: Exit.Exit<Reply, RequestError>, outcome: string, now: number): void {
    call.outcome = exit
    this.#settle(call, Exit.isSuccess(exit), outcome, now)
    this.#finished.add(call)
  }

  #settle(call: Call, isAnswered: boolean, outcome: string, now: number): void {
    call.abandon()
    call.history?.ended(call, isAnswered)
    this.#ended.ended(call.number, isAnswered ? "replied" : "given-up")
    this.#deps.recorder.ended(call.tag, outcome, now - call.template.startedAt, this.#table.size)
  }

  // --- time, the reply address, closing ---

  /** Tells the callers of all calls that have ended. To be called at the end of a loop of ours. */
  resumeCallers(): void {
    this.#finished.resume()
    this.#idleWhenClosing()
  }

  /** Does what is due; when something will be due next. */
  sweep(now: number): number {
    const due = this.#table.takeDue(now)
    for (const call of due.expired) this.#expire(call, now)
    for (const call of due.retry) this.#retry(call, now)
    this.resumeCallers()
    // After the exchanges: middleware hears of its own exchange's timeout, and may end by itself.
    return Math.min(due.next, this.#slow.expire(now))
  }

  #expire(call: Call, now: number): void {
    const error = CallErrors.timeoutOf(call)
    if (error.reason._tag === "Timeout" && call.furthest !== "not-sent") this.#budget.failed()
    this.#finish(call, this.#failure(call, error), error.reason._tag, now)
  }

  /** Replies come to this address from now on. */
  hearAt(address: ReplyAddress): void {
    this.#replyTo = address
    this.#lostBecause = undefined
  }

  /** Replies cannot come any more: fails all pending calls, and new ones until there is an address again. */
  deafen(error: TransportError): void {
    this.#lostBecause = error
    const now = this.now()
    for (const call of this.#table.takeAll()) {
      const lost = CallErrors.lostOf(call, error)
      this.#finish(call, this.#failure(call, lost), lost.reason._tag, now)
    }
    this.resumeCallers()
  }

  /** Refuses new calls, waits for those in flight as long as `drainTimeout` allows, and fails the rest. */
  get close(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#isClosing = true
      this.#idleWhenClosing()
      return Deferred.await(this.#idle)
    }).pipe(
      Effect.timeoutOption(this.#deps.options.drainTimeout),
      Effect.andThen(
        Effect.sync(() => {
          const now = this.now()
          for (const call of this.#table.takeAll()) {
            const closed = CallErrors.closedOf(call)
            this.#finish(call, this.#failure(call, closed), closed.reason._tag, now)
          }
          this.resumeCallers()
          this.#slow.close()
        })
      )
    )
  }

  #idleWhenClosing(): void {
    if (!this.#isClosing || this.#table.size > 0 || this.#slow.size > 0 || !this.#finished.isEmpty) return
    try {
      Deferred.doneUnsafe(this.#idle, Exit.void)
    } catch (thrown) {
      this.#deps.report("what waits for a requester to close", thrown)
    }
  }
}

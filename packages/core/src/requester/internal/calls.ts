/**
 * The life of calls from "encoded" to "has an outcome": register, send, retry, expire, close. Knows bytes and envelopes,
 * no schema.
 *
 * Order that matters: a call is in the table before its first attempt is offered, so no reply can come too early;
 * everything that ends a call first removes it from the table, so it ends once; and callers are resumed after the loop
 * that ended their calls is through, each guarded, because foreign code runs then.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { ReplyAddress } from "../../wire/ReplyAddress.ts"
import type { RequestError } from "../RequestError.ts"
import { AttemptSchedule } from "./attemptSchedule.ts"
import type { Attempt, Call, CallOwner, Reply } from "./call.ts"
import * as CallErrors from "./callErrors.ts"
import type { CallHistory } from "./callHistory.ts"
import type { CallsDependencies } from "./callsDependencies.ts"
import type { ContractRoute } from "./contractRoute.ts"
import { Hedger } from "./hedger.ts"
import { OpenCalls } from "./openCalls.ts"
import type { RequestTemplate } from "./prepare.ts"
import { errorOfRejection } from "./rejection.ts"
import { RetryBudget } from "./retry.ts"
import { Sender } from "./sender.ts"
import { SlowCalls } from "./slowCalls.ts"

// How long the cancel of a call that timed out is worth writing: a cluster that is slow is slow for it too.
const cancelMillis = 1_000

export class Calls implements CallOwner {
  readonly #deps: CallsDependencies
  readonly #open: OpenCalls
  readonly #sender: Sender
  readonly #budget: RetryBudget
  readonly #hedger: Hedger
  readonly #schedule: AttemptSchedule
  readonly #slow: SlowCalls
  readonly #idle = Deferred.makeUnsafe<void>()
  #isClosing = false
  #lostBecause: TransportError | undefined

  constructor(deps: CallsDependencies) {
    const { eventLoop, options, publisher, recorder, report, sweeper, token } = deps
    this.#deps = deps
    this.#sender = new Sender(token, publisher)
    this.#open = new OpenCalls(recorder, report, eventLoop)
    this.#budget = new RetryBudget(options.retryBudget, options.retryBudgetRatio)
    this.#hedger = new Hedger(this.#sender, this.#budget, recorder)
    this.#schedule = new AttemptSchedule(deps, this.#sender, this.#budget, this.#hedger)
    this.#slow = new SlowCalls({
      maxCalls: options.maxInFlight,
      report,
      wakeBy: sweeper.wakeBy,
      left: () => this.#idleWhenClosing()
    })
  }

  get inFlight(): number {
    return this.#open.size
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
      deafBecause: this.#sender.deafBecause,
      calls: this.#open.size,
      bytes: this.#open.bytes
    }
    return CallErrors.refusalOf(template, load, this.#deps.options, this.now())
  }

  #register(
    template: RequestTemplate,
    route: ContractRoute,
    history: CallHistory | undefined,
    resume: (exit: Exit.Exit<Reply, RequestError>) => void
  ): Call {
    const number = this.#open.number()
    const call = this.#sender.make({ owner: this, number, template, route, resume, history })
    this.#open.add(call)
    if (template.policy !== undefined) this.#schedule.begin(call, this.now())
    this.#sender.first(call)
    // Last, since it may run the sweeper on the spot.
    this.#deps.sweeper.wakeBy(Math.min(call.retryAt, call.hedgeAt, call.deadline))
    return call
  }

  // --- what ends a call ---

  /** The call of this number that waits for a reply, or why there is none. */
  waiting(number: number): ReturnType<OpenCalls["waiting"]> {
    return this.#open.waiting(number)
  }

  /** A reply that ends its call. */
  answered(call: Call, reply: Reply, now: number): void {
    this.#budget.succeeded()
    if (call.template.hedging !== undefined) this.#hedger.answered(call, reply.envelope.attempt ?? 1, now)
    this.#open.answer(call, reply, now)
  }

  /** A reply that says that an attempt was not executed. */
  rejected(call: Call, reply: Reply, now: number): void {
    const { clock, recorder } = this.#deps
    const ordinal = reply.envelope.attempt ?? 1
    const attempt = call.attempt(ordinal)
    // An older attempt's rejection says nothing about the newer one that is under way, unless both were to be.
    const isHeard = call.isHedged ? attempt?.isRejected === false : ordinal === call.made
    if (attempt === undefined || !isHeard) return recorder.ignored("stale")
    attempt.isRejected = true
    const time = { nowMillis: clock.currentTimeMillisUnsafe(), remainingMillis: call.deadline - now }
    const error = errorOfRejection(call.template.operation, reply, time)
    if (error.isTransient) {
      this.#budget.failed()
      if (this.#schedule.rejected(call, ordinal, error, reply.envelope.retryAfter, now)) return
    }
    this.#hedger.cancelOthers(call, ordinal)
    this.#open.fail(call, error, now)
  }

  /** A reply that is certainly its own, and cannot be used. */
  unusable(call: Call, error: RequestError, now: number): void {
    this.#hedger.cancelOthers(call, 0)
    this.#open.fail(call, error, now)
  }

  attemptRefused(attempt: Attempt, error: TransportError): void {
    const { call } = attempt
    call.refusal = error
    const isBeside = call.isHedged && call.isOutBeside(attempt.ordinal)
    if (attempt !== call.newest && (isBeside || !call.isHedged)) return
    if (this.#sender.elsewhere(attempt, error, this.now())) return
    // Another attempt may be answered; and "too late" is the sweeper's to say, with everything that is known then.
    if (error.isRetryable && (isBeside || (call.template.waitsForReady && error.reason._tag !== "QueueFull"))) return
    const failure = CallErrors.refusedForGood(call, error)
    if (failure === undefined || !this.#open.fail(call, failure, this.now())) return
    // The publisher is in the middle of its own loop.
    this.#open.resumeSoon(() => this.#idleWhenClosing())
  }

  #interrupted(call: Call): void {
    const mayBeWritten = call.furthest !== "not-sent"
    if (!this.#open.interrupt(call, this.now())) return
    if (mayBeWritten) this.#cancel(call, call.deadline)
    this.#idleWhenClosing()
  }

  /** Nobody waits for the call any more. */
  #cancel({ correlationId, route, tag }: Call, deadline: number): void {
    route.canceller?.cancel({ operation: tag, correlationId, deadline })
  }

  // --- time, the reply address, closing ---

  /** Tells the callers of all calls that have ended. To be called at the end of a loop of ours. */
  resumeCallers(): void {
    this.#open.resumeCallers()
    this.#idleWhenClosing()
  }

  /** Does what is due; when something will be due next. */
  sweep(now: number): number {
    const due = this.#open.takeDue(now)
    for (const call of due.expired) this.#expire(call, now)
    for (const call of due.again) {
      const error = this.#schedule.due(call, now)
      if (error !== undefined) this.#open.fail(call, error, now)
    }
    this.resumeCallers()
    // After the exchanges: middleware hears of its own exchange's timeout, and may end by itself.
    return Math.min(due.next, this.#slow.expire(now))
  }

  #expire(call: Call, now: number): void {
    const error = CallErrors.timeoutOf(call)
    if (error.reason._tag === "Timeout" && call.furthest !== "not-sent") {
      this.#budget.failed()
      // By clocks that differ the responder may believe that it has time left.
      this.#cancel(call, now + cancelMillis)
    }
    this.#open.expire(call, error, now)
  }

  /** Replies come to this address from now on. */
  hearAt(address: ReplyAddress): void {
    this.#lostBecause = undefined
    this.#sender.hearAt(address, this.#open.all(), this.now())
  }

  /** Replies cannot be heard for the moment: nothing is sent until there is an address that can be. */
  hold(error: TransportError): void {
    this.#sender.deafen(error)
  }

  /** Whether every call made until now has ended, to be asked later. */
  mark(): () => boolean {
    return this.#open.mark()
  }

  /** Replies cannot come any more: fails all pending calls, and new ones until there is an address again. */
  deafen(error: TransportError): void {
    this.#lostBecause = error
    this.#failAll((call) => CallErrors.lostOf(call, error))
  }

  #failAll(errorOf: (call: Call) => RequestError): void {
    this.#open.failAll(errorOf, this.now())
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
          this.#failAll(CallErrors.closedOf)
          this.#slow.close()
        })
      )
    )
  }

  #idleWhenClosing(): void {
    if (!this.#isClosing || !this.#open.isIdle || this.#slow.size > 0) return
    try {
      Deferred.doneUnsafe(this.#idle, Exit.void)
    } catch (thrown) {
      this.#deps.report("what waits for a requester to close", thrown)
    }
  }
}

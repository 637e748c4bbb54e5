/**
 * When calls are sent again: after a failure or for want of an answer (retries), and beside an attempt that takes its time
 * (hedges). Stops at ending calls: it returns what a call is to end with.
 */
import type { Call } from "./call.ts"
import type { CallsDependencies } from "./callsDependencies.ts"
import { hedgeAt, type Hedger } from "./hedger.ts"
import { nextAttemptAt, nextStep, type RetryBudget, unansweredAt } from "./retry.ts"
import type { RequestError } from "../RequestError.ts"
import type { Sender } from "./sender.ts"

export class AttemptSchedule {
  readonly #deps: Pick<CallsDependencies, "random" | "recorder" | "sweeper">
  readonly #sender: Sender
  readonly #budget: RetryBudget
  readonly #hedger: Hedger

  constructor(
    deps: Pick<CallsDependencies, "random" | "recorder" | "sweeper">,
    sender: Sender,
    budget: RetryBudget,
    hedger: Hedger
  ) {
    this.#deps = deps
    this.#sender = sender
    this.#budget = budget
    this.#hedger = hedger
  }

  /** A call that may be sent again was made, and is about to be sent. */
  begin(call: Call, now: number): void {
    call.retryAt = unansweredAt(call, now)
    this.#hedger.called(call, now)
  }

  /** Sends what is due of a call. Returns why the call ends instead, when nothing better can come. */
  due(call: Call, now: number): RequestError | undefined {
    if (call.hedgeAt <= now && this.#hedger.hedge(call, now)) call.retryAt = unansweredAt(call, now)
    if (call.retryAt <= now) return this.#retry(call, now)
    this.#wakeFor(call)
    return undefined
  }

  /** A responder has not executed this attempt, and another one may help. False when there will be none. */
  rejected(call: Call, ordinal: number, error: RequestError, retryAfter: number | undefined, now: number): boolean {
    const { policy } = call.template
    if (policy === undefined) return false
    call.rejection = error
    if (call.isHedged && call.isOutBeside(ordinal)) return true
    // The responder, or the backoff, says when there is another one.
    call.hedgeAt = Number.POSITIVE_INFINITY
    call.retryAt = nextAttemptAt({
      times: policy,
      made: call.made,
      now,
      deadline: call.deadline,
      jitter: 0.8 + 0.4 * this.#deps.random.nextDoubleUnsafe(),
      retryAfter
    })
    // Waking the sweeper may run it on the spot, and it may send the attempt that is due.
    const hasAnother = Number.isFinite(call.retryAt)
    this.#wakeFor(call)
    return hasAnother
  }

  #retry(call: Call, now: number): RequestError | undefined {
    const { recorder, sweeper } = this.#deps
    switch (nextStep(call, this.#budget)) {
      case "none":
        call.retryAt = Number.POSITIVE_INFINITY
        return undefined
      case "wait":
        sweeper.wakeBy((call.retryAt = now + call.template.policy!.attemptMillis))
        return undefined
      case "send":
        call.isThrottled = false
        recorder.retried(call.tag)
        this.#send(call, now)
        return undefined
      case "give-up":
        recorder.throttled()
        return call.rejection
      case "throttle":
        if (!call.isThrottled) recorder.throttled()
        call.isThrottled = true
        // Successes of other calls may open the budget again.
        sweeper.wakeBy((call.retryAt = now + Math.max(1, call.template.policy!.baseMillis)))
        return undefined
    }
  }

  #send(call: Call, now: number): void {
    const isSent = this.#sender.next(call, now)
    call.retryAt = isSent ? unansweredAt(call, now) : Number.POSITIVE_INFINITY
    call.hedgeAt = isSent ? hedgeAt(call, now) : Number.POSITIVE_INFINITY
    this.#wakeFor(call)
  }

  #wakeFor(call: Call): void {
    this.#deps.sweeper.wakeBy(Math.min(call.retryAt, call.hedgeAt))
  }
}

/**
 * Sends hedges, which are attempts of a call beside those that are out, and says what becomes of the others when one of them
 * has ended the call. When a call is due is the sweeper's to say; how many there may be is decided in `hedging.ts`.
 */
import type { Call } from "./call.ts"
import type { CallRecorder } from "./callRecorder.ts"
import type { RetryBudget } from "./retry.ts"
import type { Sender } from "./sender.ts"

/** When an attempt made at `now` has been out for so long that another one may go beside it; infinite when none does. */
export const hedgeAt = (call: Call, now: number): number => {
  const { hedging } = call.template
  if (hedging === undefined || call.made >= hedging.maxAttempts) return Number.POSITIVE_INFINITY
  const at = now + hedging.delayMillis
  return at < call.deadline ? at : Number.POSITIVE_INFINITY
}

export class Hedger {
  readonly #sender: Sender
  readonly #budget: RetryBudget
  readonly #recorder: CallRecorder

  constructor(sender: Sender, budget: RetryBudget, recorder: CallRecorder) {
    this.#sender = sender
    this.#budget = budget
    this.#recorder = recorder
  }

  /** A call was made, and is about to be sent. */
  called(call: Call, now: number): void {
    call.template.hedging?.called()
    call.hedgeAt = hedgeAt(call, now)
  }

  /**
   * Sends a hedge, if it may: to a partition that was not tried and can be written to, inside the budget of the operation, and
   * as long as retries are not throttled, since it would only add to an outage. False when there is none.
   */
  hedge(call: Call, now: number): boolean {
    call.hedgeAt = Number.POSITIVE_INFINITY
    const { hedging } = call.template
    const partition = this.#sender.beside(call)
    if (hedging === undefined || partition === undefined) return false
    if (!this.#budget.isOpen || !hedging.take()) {
      this.#recorder.hedgeThrottled()
      return false
    }
    this.#recorder.hedged(call.tag)
    this.#sender.hedge(call, partition, now)
    call.hedgeAt = hedgeAt(call, now)
    return true
  }

  /** A reply to this attempt ends the call. */
  answered(call: Call, ordinal: number, now: number): void {
    const { hedging } = call.template
    const attempt = call.attempt(ordinal)
    if (hedging === undefined || attempt === undefined) return
    if (attempt.isHedge) this.#recorder.hedgeWon(call.tag)
    // The first attempt may never be answered now: it took longer than this, which is what a percentile has to know.
    hedging.answered(now - (attempt.isHedge ? call : attempt).offeredAt)
    this.cancelOthers(call, ordinal)
  }

  /** Nobody waits for the other attempts any more: tells responders that may be at work on one. */
  cancelOthers(call: Call, ordinal: number): void {
    if (!call.isHedged || !call.isOpenBeside(ordinal)) return
    const { correlationId, deadline, tag } = call
    call.route.canceller?.cancel({ operation: tag, correlationId, deadline })
  }
}

/**
 * Whether and when a call is tried again. Pure decisions; the requester's engine carries them out.
 *
 * The budget is gRPC's retry throttling (gRFC A6): a bucket of tokens. Every failure that another try might mend takes
 * one (a transient rejection, an attempt or a call without an answer), whether it is tried again or not; a success gives a
 * fraction back; and retries stop while the bucket is at half or less, so that they cannot multiply an outage.
 */
import * as Duration from "effect/Duration"
import type { RetryPolicy } from "../../contract/Contract.ts"
import type { Call } from "./call.ts"

export class RetryBudget {
  readonly maxTokens: number
  readonly #ratio: number
  #tokens: number

  /** `maxTokens` 0 switches the budget off: retries are then limited by the policy alone. */
  constructor(maxTokens: number, ratio: number) {
    this.maxTokens = maxTokens
    this.#ratio = ratio
    this.#tokens = maxTokens
  }

  get isOpen(): boolean {
    return this.maxTokens === 0 || this.#tokens > this.maxTokens / 2
  }

  failed(): void {
    this.#tokens = Math.max(0, this.#tokens - 1)
  }

  succeeded(): void {
    this.#tokens = Math.min(this.maxTokens, this.#tokens + this.#ratio)
  }
}

/** A policy in milliseconds. */
export interface RetryTimes {
  readonly maxAttempts: number
  readonly baseMillis: number
  readonly maxMillis: number
  /** Infinite when attempts have no timeout of their own. */
  readonly attemptMillis: number
}

export const timesOf = (policy: RetryPolicy): RetryTimes => ({
  maxAttempts: policy.maxAttempts,
  baseMillis: Duration.toMillis(policy.baseDelay),
  maxMillis: Duration.toMillis(policy.maxDelay),
  attemptMillis:
    policy.attemptTimeout === undefined ? Number.POSITIVE_INFINITY : Duration.toMillis(policy.attemptTimeout)
})

/**
 * When to send the next attempt, in monotonic milliseconds; infinite when there will be none.
 *
 * `made` attempts were made; `jitter` is a random number between 0.8 and 1.2. A responder's push-back (`retryAfter`)
 * replaces the backoff: it is waited for at least, and up to 40 % longer, so that those who were refused together do not
 * come back together. An attempt that could not be answered before the deadline is not made.
 */
export const nextAttemptAt = (input: {
  readonly times: RetryTimes
  readonly made: number
  readonly now: number
  readonly deadline: number
  readonly jitter: number
  readonly retryAfter: number | undefined
}): number => {
  const { deadline, jitter, made, now, retryAfter, times } = input
  if (made >= times.maxAttempts) return Number.POSITIVE_INFINITY
  const backoff = Math.min(times.maxMillis, times.baseMillis * 2 ** (made - 1)) * jitter
  const at = now + (retryAfter === undefined ? backoff : retryAfter * (jitter + 0.2))
  return at < deadline ? at : Number.POSITIVE_INFINITY
}

/**
 * What to do with a call whose next attempt is due: `send` it · `wait` for its newest attempt to be written, behind which
 * another one would only wait as well · `throttle` it until the budget opens · `give-up`, since nothing better can come
 * than what the responder said. Takes its token for an attempt that had no answer in its time.
 */
export const nextStep = (call: Call, budget: RetryBudget): "give-up" | "none" | "send" | "throttle" | "wait" => {
  const { operation, policy } = call.template
  if (policy === undefined) return "none"
  // Reads go elsewhere.
  if (call.isWaiting && !operation.isSafe) return "wait"
  // A rejection took its token when it came.
  const isRejected = call.rejection !== undefined && !call.hasOpenAttempt
  if (!isRejected && !call.isThrottled) budget.failed()
  if (budget.isOpen) return "send"
  return isRejected ? "give-up" : "throttle"
}

/** When the attempt made at `now` counts as unanswered, so that another one may follow; infinite when none does. */
export const unansweredAt = (call: Call, now: number): number => {
  const { policy } = call.template
  return policy === undefined || call.made >= policy.maxAttempts ? Number.POSITIVE_INFINITY : now + policy.attemptMillis
}

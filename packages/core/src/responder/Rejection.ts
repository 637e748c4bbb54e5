/**
 * What a handler or a middleware says that cannot do a request at the moment: its caller is told so, and may try again
 * later. It is no error of the contract, so it travels as a defect; what becomes of it is `execute`'s affair.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Bounds from "../wire/Bounds.ts"

/** `unavailable`: what it needs does not work at the moment · `overloaded`: it has more to do than it can. */
export const Status = Schema.Literals(["unavailable", "overloaded"])
export type Status = typeof Status.Type

/** Thrown, or died with, inside a handler: the request was not executed, and may be later. */
export class Rejection extends Schema.TaggedError<Rejection>("@kafka-request-reply/core/responder/Rejection")(
  "Rejection",
  {
    status: Status,
    /** Callers see it. */
    message: Schema.String,
    /** How long callers are asked to wait before another try; absent: as long as their own policy says. */
    retryAfterMillis: Schema.optionalKey(Schema.Number)
  }
) {}

export interface RejectOptions {
  /** How long callers are asked to wait before another try, at least. Default: as long as their own policy says. */
  readonly retryAfter?: Duration.Input | undefined
  /** Why; callers see it. */
  readonly message?: string | undefined
}

const messages: Readonly<Record<Status, string>> = {
  unavailable: "what the handler needs is not available at the moment",
  overloaded: "the handler has more to do than it can at the moment"
}

const clamped = (millis: number): number => Math.min(Bounds.maxInt32, Math.max(0, Math.ceil(millis)))

/**
 * Ends the handler, or the middleware, without an outcome: the caller gets `Rejected` with this status. Say so only while
 * nothing was done. Callers of `Safe` and `Idempotent` operations try again by their policy, not before `retryAfter`. It is
 * never kept as an answer, and it is no defect in logs.
 */
export const reject = (status: Status, { message, retryAfter }: RejectOptions = {}): Effect.Effect<never> =>
  Effect.suspend(() =>
    Effect.die(
      new Rejection({
        status,
        message: message ?? messages[status],
        ...(retryAfter === undefined ? {} : { retryAfterMillis: clamped(Duration.toMillis(retryAfter)) })
      })
    )
  )

/** The rejection that a cause says, when nothing else went wrong beside it. */
export const rejectionIn = ({ reasons }: Cause.Cause<unknown>): Rejection | undefined => {
  let found: Rejection | undefined
  for (const reason of reasons) {
    // What ran beside it is interrupted.
    if (Cause.isInterruptReason(reason)) continue
    if (!Cause.isDieReason(reason) || !(reason.defect instanceof Rejection)) return undefined
    found ??= reason.defect
  }
  return found
}

/**
 * The time that is left of the request a handler is working on. Set by the responder around each handler, read by
 * handlers and by every call made inside one, so that nested calls never outlive the call that caused them.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { monotonicMillis } from "../host/MonotonicTime.ts"

/** When something is over, in monotonic milliseconds. It may be put off while one waits for it. */
export interface Deadline {
  readonly at: number
}

/** The deadline of the request being handled; undefined outside handlers. */
export const CallDeadline: Context.Reference<Deadline | undefined> = Context.Reference<Deadline | undefined>(
  "@kafka-request-reply/core/contract/CallBudget/CallDeadline",
  { defaultValue: () => undefined }
)

/** How much time the request being handled has left, at least zero; `None` outside handlers. */
export const remaining: Effect.Effect<Option.Option<Duration.Duration>> = Effect.gen(function* () {
  const deadline = yield* CallDeadline
  if (deadline === undefined) return Option.none()
  const clock = yield* Clock.Clock
  return Option.some(Duration.millis(Math.max(0, deadline.at - monotonicMillis(clock))))
})

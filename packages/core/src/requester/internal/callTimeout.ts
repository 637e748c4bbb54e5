/**
 * The timeout of a call in milliseconds. Pure.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { Operation } from "../../contract/Operation.ts"
import { InvalidTimeout } from "../RequestError.ts"

/** How long the call may take, or what is wrong with what was asked for. */
export const timeoutMillisOf = (
  operation: Operation,
  asked: Duration.Input,
  maxTimeoutMillis: number
): number | InvalidTimeout => {
  const duration = Duration.fromInput(asked)
  const timeoutMillis = Option.isSome(duration) ? Duration.toMillis(duration.value) : Number.NaN
  if (timeoutMillis >= 1 && timeoutMillis <= maxTimeoutMillis) return timeoutMillis
  return new InvalidTimeout({ operation: operation.tag, timeoutMillis, maxTimeoutMillis })
}

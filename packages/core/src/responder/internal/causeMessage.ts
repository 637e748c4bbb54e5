/**
 * What went wrong in so many words, where a stack would be too much: in a log line, in a status.
 */
import * as Cause from "effect/Cause"

export const messageOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return error instanceof Error ? error.message : String(error)
}

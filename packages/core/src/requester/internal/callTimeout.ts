/**
 * How long a call may take, in milliseconds, from whatever was asked for. Pure and total.
 */
import * as Duration from "effect/Duration"
import * as Formatter from "effect/Formatter"
import * as Option from "effect/Option"
import { InvalidTimeout } from "../RequestError.ts"

const maxLength = 100

/** As it was given: text in quotation marks, a `Duration` in its own words. */
const said = (asked: unknown): string => {
  try {
    const text = Duration.isDuration(asked) ? String(asked) : Formatter.format(asked)
    return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`
  } catch {
    return `a ${typeof asked}`
  }
}

const millisOf = (asked: unknown): number | undefined => {
  // What is no number is read as no time at all, and that would not be what was asked for.
  if (typeof asked === "number" && Number.isNaN(asked)) return undefined
  try {
    return Option.getOrUndefined(Option.map(Duration.fromInput(asked as Duration.Input), Duration.toMillis))
  } catch {
    return undefined
  }
}

export const timeoutMillisOf = (
  operation: string,
  asked: unknown,
  maxTimeoutMillis: number
): number | InvalidTimeout => {
  const timeoutMillis = millisOf(asked)
  if (timeoutMillis !== undefined && timeoutMillis >= 1 && timeoutMillis <= maxTimeoutMillis) return timeoutMillis
  return new InvalidTimeout({ operation, given: said(asked), maxTimeoutMillis })
}

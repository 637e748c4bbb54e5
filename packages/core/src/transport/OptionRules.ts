/**
 * Checks the numbers and durations among the options of a requester or responder, so that a wrong one is said at start
 * by its name instead of showing later as strange behaviour.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { because, InvalidOption, type StartError } from "./StartError.ts"

/** What an option accepts. An option that is `undefined` is not checked. */
export interface Rule {
  readonly accepts: string
  readonly isMet: (value: unknown) => boolean
}

/** A whole number from `min`. */
export const whole = (min: number): Rule => ({
  accepts: `a whole number from ${min}`,
  isMet: (value) => Number.isSafeInteger(value) && (value as number) >= min
})

/** A number between two others, both included. */
export const between = (min: number, max: number): Rule => ({
  accepts: `a number between ${min} and ${max}`,
  isMet: (value) => typeof value === "number" && value >= min && value <= max
})

/** A finite duration of at least so many milliseconds, in any form that `Duration.Input` has. */
export const duration = (minMillis: number): Rule => ({
  accepts: `a finite duration of at least ${minMillis} ms`,
  isMet: (value) => {
    const read = Duration.fromInput(value as Duration.Input)
    return Option.isSome(read) && Duration.isFinite(read.value) && Duration.toMillis(read.value) >= minMillis
  }
})

/** Fails with the first option that does not meet its rule. */
export const check = <O extends object>(
  options: O,
  rules: { readonly [K in keyof O]?: Rule }
): Effect.Effect<void, StartError> => {
  for (const [option, rule] of Object.entries(rules) as ReadonlyArray<[string, Rule]>) {
    const value = (options as Readonly<Record<string, unknown>>)[option]
    if (value === undefined || rule.isMet(value)) continue
    return Effect.fail(because(new InvalidOption({ option, given: String(value), accepts: rule.accepts })))
  }
  return Effect.void
}

/**
 * Completes the options of a requester or responder with their defaults, and checks them, so that a wrong one, or one that
 * is none, is said at start by its name instead of showing later as strange behaviour.
 */
import * as Duration from "effect/Duration"
import * as Formatter from "effect/Formatter"
import * as Option from "effect/Option"
import { closest, distance } from "fastest-levenshtein"

/** What an option accepts. An option that is `undefined` is not checked, unless it is required. */
export interface Rule {
  readonly accepts: string
  readonly isRequired?: boolean
  readonly isMet: (value: unknown) => boolean
}

/** The rule of an option that has no default. */
export const required = (rule: Rule): Rule => ({ ...rule, isRequired: true })

/** A whole number from `min`. */
export const whole = (min: number): Rule => ({
  accepts: `a whole number from ${min}`,
  isMet: (value) => Number.isSafeInteger(value) && (value as number) >= min
})

/** A text of at least one and at most so many characters. */
export const text = (max: number): Rule => ({
  accepts: `a text of 1 to ${max} characters`,
  isMet: (value) => typeof value === "string" && value.length > 0 && value.length <= max
})

/** True or false. */
export const flag: Rule = { accepts: "true or false", isMet: (value) => typeof value === "boolean" }

/** One of some words. */
export const oneOf = (...words: readonly [string, ...ReadonlyArray<string>]): Rule => ({
  accepts: words.map((word) => JSON.stringify(word)).join(" or "),
  isMet: (value) => words.some((word) => word === value)
})

/** A function. */
export const func: Rule = { accepts: "a function", isMet: (value) => typeof value === "function" }

/** Options of their own, which have rules of their own. */
export const record: Rule = {
  accepts: "an object of options",
  isMet: (value) => typeof value === "object" && value !== null && !Array.isArray(value)
}

/** What is checked elsewhere. */
export const anything: Rule = { accepts: "anything", isMet: () => true }

/** A rule for every option: what has none is no option. */
export type Rules<O> = { readonly [K in keyof O]-?: Rule }

/** A number between two others, both included. */
export const between = (min: number, max: number): Rule => ({
  accepts: `a number between ${min} and ${max}`,
  isMet: (value) => typeof value === "number" && value >= min && value <= max
})

/** A finite duration of at least so many milliseconds, and at most so many, in any form that `Duration.Input` has. */
export const duration = (minMillis: number, maxMillis = Number.MAX_SAFE_INTEGER): Rule => ({
  accepts:
    maxMillis < Number.MAX_SAFE_INTEGER
      ? `a duration of ${minMillis} to ${maxMillis} ms`
      : `a finite duration of at least ${minMillis} ms`,
  isMet: (value) => {
    const read = Duration.fromInput(value as Duration.Input)
    if (Option.isNone(read)) return false
    const millis = Duration.toMillis(read.value)
    return millis >= minMillis && millis <= maxMillis
  }
})

const maxInt32 = 2_147_483_647

/** A duration that travels in a record: milliseconds in an int32. */
export const wireDuration = (minMillis: number): Rule => duration(minMillis, maxInt32)

/** The options with what was not given. Given as `undefined` is not given: a limit would be gone without a word. */
export const withDefaults = <O extends object>(defaults: O, given: Partial<O>): O => ({
  ...defaults,
  ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
})

/** A setting that cannot be used, and what it accepts instead. */
export interface InvalidSetting {
  readonly option: string
  readonly given: string
  readonly accepts: string
}

/** What is said of it. */
export const describe = ({ accepts, given, option }: InvalidSetting): string =>
  `the option ${option} is ${given}; it accepts ${accepts}`

// As text, an empty list would be nothing.
const toText = (value: unknown): string => {
  try {
    return Array.isArray(value) ? Formatter.format(value) : String(value)
  } catch {
    return `a ${typeof value}`
  }
}

/** The name that was meant, where a name is not known: as a sentence. */
export const didYouMean = (name: string, known: ReadonlyArray<string>): string => {
  if (known.length === 0) return "there are none"
  const nearest = closest(name, known)
  return distance(name, nearest) <= Math.max(2, Math.floor(name.length / 3))
    ? `did you mean ${nearest}?`
    : `there are ${known.join(", ")}`
}

/** The first option that is none, or that does not meet its rule. */
export const invalidIn = <O extends object>(options: O, rules: Rules<O>): InvalidSetting | undefined => {
  const given = options as Readonly<Record<string, unknown>>
  for (const [option, value] of Object.entries(given)) {
    if (value === undefined || Object.hasOwn(rules, option)) continue
    const accepts = `nothing, since there is no such option; ${didYouMean(option, Object.keys(rules))}`
    return { option, given: toText(value), accepts }
  }
  for (const [option, rule] of Object.entries(rules) as ReadonlyArray<[string, Rule]>) {
    const value = given[option]
    if (value === undefined ? rule.isRequired !== true : rule.isMet(value)) continue
    return { option, given: toText(value), accepts: rule.accepts }
  }
  return undefined
}

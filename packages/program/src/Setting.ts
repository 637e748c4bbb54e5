/**
 * Settings from the environment: what each is called, what it accepts and what it is without being set. All of a program's
 * settings are read at once, so that one start reports every wrong one.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"

export interface Setting<A> {
  /** The environment variable. */
  readonly name: string
  /** Completes "it takes …". */
  readonly accepts: string
  /** The text it has when it is not set. */
  readonly fallback: string
  readonly decode: (text: string) => Result.Result<A, unknown>
}

const of = <A>(
  name: string,
  fallback: string,
  accepts: string,
  schema: Schema.ConstraintCodec<A, string>
): Setting<A> => ({ name, fallback, accepts, decode: Schema.decodeUnknownResult(schema) })

/** A text of at least one character. */
export const text = (name: string, fallback: string, accepts: string): Setting<string> =>
  of(name, fallback, accepts, Schema.NonEmptyString)

/** A whole number in a range, both ends included; digits only. */
export const whole = (name: string, fallback: number, minimum: number, maximum: number): Setting<number> => ({
  name,
  fallback: String(fallback),
  accepts: `a whole number from ${minimum} to ${maximum}`,
  decode: (text) => {
    const value = /^\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN
    return value >= minimum && value <= maximum ? Result.succeed(value) : Result.fail(text)
  }
})

/** A text of a certain form. */
export const matching = (name: string, fallback: string, accepts: string, pattern: RegExp): Setting<string> =>
  of(name, fallback, accepts, Schema.String.check(Schema.isPattern(pattern)))

/** One of some words, in capitals or not. */
export const oneOf = <const Words extends ReadonlyArray<string>>(
  name: string,
  fallback: Words[number],
  words: Words
): Setting<Words[number]> => ({
  name,
  fallback,
  accepts: words.join(", ").replace(/, ([^,]*)$/, " or $1"),
  decode: (text) => {
    const word = words.find((word) => word.toLowerCase() === text.trim().toLowerCase())
    return word === undefined ? Result.fail(text) : Result.succeed(word)
  }
})

const durationText = /^(\d+(?:\.\d+)?) ?(ms|milli(?:s|seconds?)?|s|seconds?|m|minutes?)$/
const unitMillis = (unit: string): number => (/^m(?:s|illi)/.test(unit) ? 1 : unit.startsWith("s") ? 1000 : 60_000)

/** The milliseconds of "500 ms", "5 seconds", "5s", "2 minutes"; undefined for anything else. */
export const parseDuration = (text: string): number | undefined => {
  const [, amount, unit] = durationText.exec(text.trim()) ?? []
  return amount === undefined || unit === undefined ? undefined : Number(amount) * unitMillis(unit)
}

/** A duration in a range; milliseconds. */
export const duration = (name: string, fallback: string, minimum: string, maximum: string): Setting<number> => {
  const [least, most] = [parseDuration(minimum)!, parseDuration(maximum)!]
  return {
    name,
    fallback,
    accepts: `a duration from ${minimum} to ${maximum}, as in "${fallback}" or "250 ms"`,
    decode: (text) => {
      const millis = parseDuration(text)
      return millis === undefined || millis < least || millis > most ? Result.fail(text) : Result.succeed(millis)
    }
  }
}

// No IPv6 literals: kafkajs splits at the first colon.
const address = /^[^\s:,/]+:([0-9]{1,5})$/

/** A list of `host:port`, separated by commas. */
export const addresses = (name: string, fallback: string): Setting<ReadonlyArray<string>> => ({
  name,
  fallback,
  accepts: "host:port, several separated by commas, as in kafka-1:9092,kafka-2:9092",
  decode: (text) => {
    const list = text.split(",").map((part) => part.trim())
    const isGood = list.every((part) => {
      const port = Number(address.exec(part)?.[1])
      return port >= 1 && port <= 65_535
    })
    return isGood ? Result.succeed(list) : Result.fail(text)
  }
})

/** Everything in the environment that a program cannot work with. */
export class SettingsError extends Schema.TaggedError<SettingsError>(
  "@kafka-request-reply/program/Setting/SettingsError"
)("SettingsError", {
  problems: Schema.Array(
    Schema.Struct({ name: Schema.String, value: Schema.String, accepts: Schema.String, fallback: Schema.String })
  )
}) {
  override readonly [Runtime.errorExitCode] = 2
  override get message() {
    return this.problems
      .map(
        ({ name, value, accepts, fallback }) =>
          `${name} is ${JSON.stringify(value)}; it takes ${accepts} (without it: ${fallback})`
      )
      .join("\n")
  }
}

/** Every setting with what it takes and what it is when unset, a line each: for a program's help. */
export const help = (settings: Readonly<Record<string, Setting<unknown>>>): string => {
  const all = Object.values(settings)
  const width = Math.max(...all.map(({ name }) => name.length))
  const lines = all.map(({ accepts, fallback, name }) => `  ${name.padEnd(width)}  ${accepts} (default ${fallback})`)
  return `Settings, by environment variable:\n${lines.join("\n")}`
}

type Values<Settings> = { readonly [Key in keyof Settings]: Settings[Key] extends Setting<infer A> ? A : never }

/** Reads all of them; fails with every one that is wrong. An empty variable counts as not set. */
export const readAll = Effect.fnUntraced(function* <Settings extends Readonly<Record<string, Setting<unknown>>>>(
  settings: Settings
) {
  const values: Record<string, unknown> = {}
  const problems: Array<SettingsError["problems"][number]> = []
  for (const [key, { name, accepts, fallback, decode }] of Object.entries(settings)) {
    const found = yield* Config.option(Config.NonEmptyString(name)).pipe(Effect.orElseSucceed(() => Option.none()))
    const value = Option.getOrElse(found, () => fallback)
    const result = decode(value)
    if (Result.isSuccess(result)) values[key] = result.success
    else problems.push({ name, value, accepts, fallback })
  }
  if (problems.length > 0) return yield* new SettingsError({ problems })
  return values as Values<Settings>
})

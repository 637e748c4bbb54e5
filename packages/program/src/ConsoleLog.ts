/**
 * How a program logs: lines for people, or JSON for collectors.
 */
import { styleText } from "node:util"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"

export interface Options {
  readonly format: "text" | "json"
  readonly level: LogLevel.LogLevel
  /** Where the lines go, without their end. */
  readonly write: (line: string) => void
  /** Whether text may have colours. */
  readonly isColoured: boolean
}

const two = (n: number): string => String(n).padStart(2, "0")

/** The local time of day with milliseconds: `12:04:05.123`. */
export const timeOfDay = (date: Date): string =>
  `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`

type Colour = "red" | "yellow" | "gray"

const colours: Partial<Record<LogLevel.LogLevel, Colour>> = {
  Fatal: "red",
  Error: "red",
  Warn: "yellow",
  Debug: "gray",
  Trace: "gray"
}

const coloured = (colour: Colour | undefined, part: string): string =>
  colour === undefined ? part : styleText(colour, part, { validateStream: false })
const plain = (_: Colour | undefined, part: string): string => part

const shown = (part: unknown): string => {
  if (typeof part === "string") return part
  if (part instanceof Error) return part.message
  return JSON.stringify(part) ?? String(part)
}

const fields = (record: Readonly<Record<string, unknown>>): string =>
  Object.entries(record)
    .map(([key, value]) => ` ${key}=${shown(value)}`)
    .join("")

/** One line per entry; the level is said when it is not Info. `isColoured` dims the time and colours levels. */
export const text = (isColoured: boolean): Logger.Logger<unknown, string> =>
  Logger.make(({ cause, date, fiber, logLevel, message }) => {
    const paint = isColoured ? coloured : plain
    const parts = (Array.isArray(message) ? message : [message]).map(shown).join(" ")
    const level = logLevel === "Info" ? "" : `${paint(colours[logLevel], logLevel.toLowerCase())} `
    const why = cause.reasons.length === 0 ? "" : `\n${Cause.pretty(cause)}`
    const extra = fields(fiber.getRef(References.CurrentLogAnnotations))
    return `${paint("gray", timeOfDay(date))} ${level}${parts}${extra}${why}`
  })

/** Whether a stream shows colours: a terminal, and `NO_COLOR` is not set. */
export const showsColours = (stream: NodeJS.WriteStream): boolean =>
  stream.isTTY === true && stream.hasColors?.() === true

/** Replaces Effect's own logger. */
export const layer = ({ format, isColoured, level, write }: Options): Layer.Layer<never> => {
  const lines = format === "json" ? Logger.formatJson : text(isColoured)
  const logger = Logger.make<unknown, void>((options) => write(lines.log(options)))
  return Layer.merge(
    Logger.layer([logger]),
    Layer.effectContext(Effect.succeed(References.MinimumLogLevel.context(level)))
  )
}

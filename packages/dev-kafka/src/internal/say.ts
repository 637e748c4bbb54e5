/**
 * How something that takes long tells what it is doing: one line at a time, to whoever wants to know.
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

export type Say = (line: string) => Effect.Effect<void>

export const silent: Say = () => Effect.void

/** On standard error: standard output belongs to the program that wanted a Kafka. */
export const toStandardError: Say = (line) => Console.error(`kafka: ${line}`)

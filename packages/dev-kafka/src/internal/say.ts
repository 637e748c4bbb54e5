/**
 * Reports the progress of a long step, one line at a time.
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

export type Say = (line: string) => Effect.Effect<void>

export const silent: Say = () => Effect.void

/** On standard error: standard output belongs to the program that wanted a Kafka. */
export const toStandardError: Say = (line) => Console.error(`kafka: ${line}`)

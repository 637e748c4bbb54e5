/**
 * kafkajs' logger as Effect's, at debug level: kafkajs reports every error it is about to retry, and what an operator
 * must know is said by the driver itself, once.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { createLogger, LEVELS, type LogEntry, type Logger } from "./kafkajsInternals.ts"

export const makeLogger = (context: Context.Context<never>): Logger => {
  const run = Effect.runForkWith(context)
  const write = ({ label, log, namespace }: LogEntry) => {
    const { logger: _logger, message, stack: _stack, timestamp: _timestamp, ...fields } = log
    run(Effect.logDebug(`kafkajs ${label} [${namespace}] ${message}`, fields))
  }
  return createLogger({ level: LEVELS["WARN"], logCreator: () => write })
}

/**
 * Runs one of this package's programs: a known error is one message on standard error and an exit code.
 */
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import * as CliError from "effect/cli/CliError"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { DevKafkaError } from "../DevKafkaError.ts"

const wrongUsage = 2

const teardown: Runtime.Teardown = (exit, done) =>
  Exit.isFailure(exit) && CliError.isCliError(Cause.squash(exit.cause))
    ? done(wrongUsage)
    : Runtime.defaultTeardown(exit, done)

const report =
  (name: string) =>
  (cause: Cause.Cause<unknown>): Effect.Effect<void> => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.void
    const error = Cause.squash(cause)
    if (error instanceof DevKafkaError) return Console.error(`${name}: ${error.message}`)
    // Usage errors are printed by the parser, exit codes speak for themselves; what is left is a mistake in here.
    const known = CliError.isCliError(error) || Runtime.getErrorExitCode(error) !== 1
    return known ? Effect.void : Console.error(Cause.pretty(cause))
  }

/** The reader of the output has exited (`demo | head`): stop as at Ctrl-C, so that started processes do not stay behind. */
const stopWithoutReader = (): void => {
  let isStopping = false
  const stop = (): void => {
    if (isStopping) return
    isStopping = true
    process.kill(process.pid, "SIGINT")
  }
  process.stdout.on("error", stop)
  process.stderr.on("error", stop)
}

export const runProgram = <A, E>(name: string, program: Effect.Effect<A, E>): void => {
  stopWithoutReader()
  NodeRuntime.runMain(Effect.tapCause(program, report(name)), { disableErrorReporting: true, teardown })
}

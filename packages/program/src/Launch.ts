/**
 * Runs a program to its end: signals stop it, failures become one message on standard error, and the exit code says which
 * it was.
 *
 * 0 done, or stopped by a signal and drained · 1 failed, or what the error asks for · 130 and 143 stopped by force.
 */
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import type { Signals } from "./Signals.ts"

/** Ends a program that has said all there is to say with an exit code of its own. */
export class ExitWith extends Data.TaggedError("ExitWith")<{ readonly code: number }> {
  override readonly [Runtime.errorReported] = false
  override get [Runtime.errorExitCode](): number {
    return this.code
  }
}

// Advice about the settings and commands of these programs, which the errors of the core cannot contain.
const advice: Readonly<Record<string, string>> = {
  Unreachable:
    "\nStart a Kafka for development with `npx -y pnpm@12 kafka up`, or set KAFKA_BROKERS to the address of yours (host:port).",
  TopicMissing: "\nKAFKA_TOPICS=create lets the program create its topics."
}

// Causes can form a circle.
const maxDepth = 8

const adviceOn = (error: unknown): string => {
  const reasons: Array<string> = []
  for (let at = error, depth = 0; typeof at === "object" && at !== null && depth < maxDepth; depth++) {
    if ("_tag" in at) reasons.push(String(at._tag))
    at = "reason" in at ? at.reason : "cause" in at ? at.cause : undefined
  }
  return reasons.map((reason) => advice[reason]).find((text) => text !== undefined) ?? ""
}

/** What is said of a failure: the message of a foreseen error, the whole cause of an unforeseen one. */
export const describe = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  const isForeseen = !Cause.hasDies(cause) && error instanceof Error && error.message !== ""
  return isForeseen ? `${error.message}${adviceOn(error)}` : Cause.pretty(cause)
}

const exitCode = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return 0
  return Runtime.getErrorExitCode(Cause.squash(exit.cause))
}

const isReported = (cause: Cause.Cause<unknown>): boolean =>
  !Cause.hasInterruptsOnly(cause) && Runtime.getErrorReported(Cause.squash(cause))

/** Runs the program and ends the process. `name` precedes what is said of a failure. */
export const run = <A, E>(name: string, program: Effect.Effect<A, E>, signals: Signals): void =>
  Runtime.makeRunMain(({ fiber, teardown }) => {
    const stop = () => fiber.interruptUnsafe(fiber.id)
    let lost: NodeJS.ErrnoException | undefined
    // EPIPE means that the reader of our output has exited (`requester run | head`), so there is no one to inform. Other errors are
    // failures.
    const isFailure = () => lost !== undefined && lost.code !== "EPIPE"
    const onOutputError = (stream: string) => (error: NodeJS.ErrnoException) => {
      if (lost !== undefined) return
      lost = error
      if (isFailure()) process.stderr.write(`${name}: ${stream} cannot be written: ${error.message}\n`)
      stop()
    }
    process.stdout.on("error", onOutputError("standard output"))
    process.stderr.on("error", onOutputError("standard error"))
    fiber.addObserver((exit) => {
      if (Exit.isFailure(exit) && isReported(exit.cause)) process.stderr.write(`${name}: ${describe(exit.cause)}\n`)
      teardown(exit, (code) => process.exit(isFailure() ? Math.max(1, code) : code))
    })
    signals.onStop(stop)
  })(program, { disableErrorReporting: true, teardown: (exit, done) => done(exitCode(exit)) })

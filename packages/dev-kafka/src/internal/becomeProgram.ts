/**
 * Replaces this process by a program (POSIX `execve`), so that there is nothing in between that would have to pass on
 * signals, the terminal or the exit code.
 */
import * as Effect from "effect/Effect"
import { because, type DevKafkaError, SystemFailed } from "../DevKafkaError.ts"

/** Looks the program up on the `PATH` and adds variables to the environment that it inherits. */
const env = "/usr/bin/env"

export const becomeProgram = (
  program: readonly [string, ...ReadonlyArray<string>],
  variables: Readonly<Record<string, string>>
): Effect.Effect<never, DevKafkaError> =>
  Effect.try({
    try: () => {
      const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
      if (process.execve === undefined) throw new Error("this system cannot replace a process")
      return process.execve(env, [env, ...assignments, ...program])
    },
    catch: (cause) => because(new SystemFailed({ detail: `cannot start ${program[0]}: ${String(cause)}`, cause }))
  })

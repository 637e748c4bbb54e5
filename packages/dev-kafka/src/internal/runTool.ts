/**
 * Runs a program to its end and keeps the end of what it printed.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as ChildProcess from "effect/process/ChildProcess"
import * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import type * as PlatformError from "effect/PlatformError"

export interface ToolResult {
  readonly exitCode: number
  /** The last 4 000 characters of standard output and standard error together. */
  readonly output: string
}

const kept = 4000

export const runTool = (
  command: string,
  args: ReadonlyArray<string>
): Effect.Effect<ToolResult, PlatformError.PlatformError, ChildProcessSpawner.ChildProcessSpawner> =>
  Effect.scoped(
    Effect.gen(function* () {
      const handle = yield* ChildProcess.make(command, args, { stdin: "ignore", forceKillAfter: "2 seconds" })
      const output = yield* handle.all.pipe(
        Stream.decodeText(),
        Stream.runFold(
          () => "",
          (text: string, chunk: string) => (text + chunk).slice(-kept)
        )
      )
      return { exitCode: yield* handle.exitCode, output: output.trim() }
    })
  )

/** True when the program itself is missing, as against failing. */
export const isMissing = (error: PlatformError.PlatformError): boolean => error.reason._tag === "NotFound"

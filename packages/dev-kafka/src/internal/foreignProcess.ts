/**
 * Processes that are not children of this one: is it still the same, and ending it.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { runTool } from "./runTool.ts"
import { waitFor } from "./waitFor.ts"

export interface KnownProcess {
  readonly pid: number
  /** A text that its command line contains. */
  readonly mark: string
}

const commandLine = Effect.fnUntraced(function* (pid: number) {
  const fs = yield* FileSystem.FileSystem
  return yield* fs.readFileString(`/proc/${pid}/cmdline`).pipe(
    Effect.catch(() =>
      runTool("ps", ["-ww", "-o", "command=", "-p", String(pid)]).pipe(Effect.map((result) => result.output))
    ),
    Effect.orElseSucceed(() => "")
  )
})

/** True while the process lives and is the one that is meant. */
export const isAlive = (process: KnownProcess) =>
  Effect.map(commandLine(process.pid), (found) => found.includes(process.mark))

const send = (pid: number, signal: NodeJS.Signals) => Effect.ignore(Effect.try(() => void process.kill(pid, signal)))

const patienceSeconds = 20

/** Ends the process in order, or by force when it takes more than 20 s; nothing if it is gone. */
export const endProcess = Effect.fnUntraced(function* (known: KnownProcess) {
  if (!(yield* isAlive(known))) return
  yield* send(known.pid, "SIGTERM")
  // A paused process takes its signals when it continues.
  yield* send(known.pid, "SIGCONT")
  const gone = Effect.filterOrFail(
    isAlive(known),
    (alive) => !alive,
    () => "alive" as const
  )
  yield* waitFor(Effect.asVoid(gone), patienceSeconds, () => send(known.pid, "SIGKILL"))
})

/**
 * Shows how a run goes, on standard error: a line that is written over on a terminal, else a line now and then.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

export interface Screen {
  readonly note: (line: string) => Effect.Effect<void>
  /** Shows where the run is, if it is time to. */
  readonly progress: (line: string) => Effect.Effect<void>
  readonly done: Effect.Effect<void>
}

const terminalMillis = 100
const logMillis = 15_000

export const make: Effect.Effect<Screen> = Effect.sync(() => {
  const { stderr } = process
  const interval = stderr.isTTY ? terminalMillis : logMillis
  let shownAt = Number.NEGATIVE_INFINITY
  const write = (text: string) => Effect.sync(() => void stderr.write(text))
  return {
    note: (line) => write(`${line}\n`),
    progress: (line) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        if (now - shownAt < interval) return Effect.void
        shownAt = now
        // A line that is longer than the terminal could not be written over.
        return write(stderr.isTTY ? `\r\u001b[2K${line.slice(0, (stderr.columns ?? 80) - 1)}` : `${line}\n`)
      }),
    done: write(stderr.isTTY ? "\r\u001b[2K" : "")
  }
})

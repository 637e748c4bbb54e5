/**
 * Ctrl-C and SIGTERM, from the first moment of a program: the first asks it to stop, the second ends it at once.
 *
 * It imports nothing, so that a program can listen before it loads anything else.
 */

/** Exit codes of a program that a signal ended by force, as shells report them: 128 + the signal's number. */
const forced = { SIGINT: 130, SIGTERM: 143 } as const

// A terminal signals the whole process group and a package manager passes its own signal on: one Ctrl-C can arrive twice.
const sameKeyPressMillis = 100

/** Lets the program register what to do when it is asked to stop. */
export interface Signals {
  /** Calls back on the first signal, at once if it has come already. Until this is called, a signal just exits with 0. */
  readonly onStop: (stop: () => void) => void
}

/** Listens from now until the process ends. */
export const listen = (): Signals => {
  let stop: (() => void) | undefined
  let firstAt: number | undefined
  const onSignal = (signal: "SIGINT" | "SIGTERM") => {
    const now = performance.now()
    if (firstAt === undefined) {
      firstAt = now
      if (stop === undefined) process.exit(0)
      stop()
    } else if (now - firstAt > sameKeyPressMillis) process.exit(forced[signal])
  }
  process.on("SIGINT", onSignal)
  process.on("SIGTERM", onSignal)
  return {
    onStop: (callback) => {
      stop = callback
    }
  }
}

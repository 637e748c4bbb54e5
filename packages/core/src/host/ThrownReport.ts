/**
 * Tells what foreign code (a caller's continuation, an observer) threw where it could not be thrown further: one line in
 * the log for each kind, so that a callback that throws with every call cannot fill a disk.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"

/** `where` names the code that threw. Never throws. */
export type ThrownReport = (where: string, thrown: unknown) => void

// Kinds are told apart by what was thrown, which may have numbers in it.
const maxKinds = 100

const textOf = (thrown: unknown): string => {
  try {
    return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
  } catch {
    return "something that cannot be shown"
  }
}

export const make: Effect.Effect<ThrownReport> = Effect.map(Effect.context<never>(), (context) => {
  const run = Effect.runForkWith(context)
  const kinds = new Set<string>()
  return (where, thrown) => {
    const text = textOf(thrown)
    const kind = `${where} ${text}`
    if (kinds.size >= maxKinds || kinds.has(kind)) return
    kinds.add(kind)
    const more = kinds.size === maxKinds ? "; no other kind is reported from now on" : "; told once"
    try {
      run(Effect.logError(`${where} threw: ${text}${more}`, Cause.die(thrown)))
    } catch {
      // A logger that throws has nothing to tell it to.
    }
  }
})

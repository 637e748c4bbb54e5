/**
 * Environment variables that look like a program's settings and are none: a misspelt one has no effect, and nobody notices.
 */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import { closest, distance } from "fastest-levenshtein"
import type { Setting } from "./Setting.ts"

/** All names of the environment. The provider knows them by their parts, which underscores separate. */
const namesIn = (
  provider: ConfigProvider.ConfigProvider,
  path: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<string>> =>
  Effect.gen(function* () {
    const node = yield* Effect.orElseSucceed(provider.load(path), () => undefined)
    if (node === undefined) return []
    const own = path.length > 0 && node.value !== undefined ? [path.join("_")] : []
    if (node._tag !== "Record") return own
    const inner = yield* Effect.forEach(node.keys, (key) => namesIn(provider, [...path, key]))
    return [...own, ...inner.flat()]
  })

/** What is said of a name that is no setting; undefined when it is none of ours. */
export const complaintOf = (name: string, known: ReadonlyArray<string>, prefix: string): string | undefined => {
  if (known.includes(name)) return undefined
  const nearest = closest(name, known)
  // Two slips of the finger; a shorter name of somebody else is as near by chance.
  const isMisspelt = name.length > 5 && distance(name, nearest) <= 2
  if (isMisspelt) return `the environment variable ${name} has no effect; did you mean ${nearest}?`
  return name.startsWith(prefix)
    ? `the environment variable ${name} has no effect; there are ${known.join(", ")}`
    : undefined
}

/** Warns of each variable that begins with the program's own prefix, or nearly is a setting, and has no effect. */
export const warn = Effect.fnUntraced(function* (settings: Readonly<Record<string, Setting<unknown>>>, prefix: string) {
  const known = Object.values(settings).map(({ name }) => name)
  const provider = yield* ConfigProvider.ConfigProvider
  for (const name of yield* namesIn(provider, [])) {
    const complaint = complaintOf(name, known, prefix)
    if (complaint !== undefined) yield* Effect.logWarning(complaint)
  }
})

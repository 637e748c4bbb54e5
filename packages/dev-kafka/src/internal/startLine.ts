/**
 * Reads the arguments of `start.ts`; pure.
 */

export interface StartLine {
  /** The program and its arguments. */
  readonly program: readonly [string, ...ReadonlyArray<string>]
  readonly needsKafka: boolean
}

export const usage = "usage: start.ts [--unless <argument>]… -- <program> [<argument>]…"

/** Arguments of effect/cli programs that print something and end. */
const printing = ["--help", "-h", "--version", "-v", "--completions", "--wizard"]

/** Undefined when the arguments are not as `usage` says. */
export const readStartLine = (args: ReadonlyArray<string>): StartLine | undefined => {
  const split = args.indexOf("--")
  if (split < 0) return undefined
  const [command, ...rest] = args.slice(split + 1)
  if (command === undefined) return undefined
  const unless = new Set(printing)
  for (let at = 0; at < split; at += 2) {
    const argument = args[at + 1]
    if (args[at] !== "--unless" || argument === undefined || at + 1 >= split) return undefined
    unless.add(argument)
  }
  // pnpm hands on the `--` that people write before a script's arguments. The last one ends the options.
  const own = rest.indexOf("--")
  const end = rest.indexOf("--", own + 1)
  const considered = end < 0 ? rest : rest.slice(0, end)
  return {
    program: [command, ...rest],
    needsKafka: !considered.some((argument) => unless.has(argument.split("=", 1)[0]!))
  }
}

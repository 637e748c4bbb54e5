/**
 * What a process has used of the machine, read from Linux's `/proc`: the same way for every peer, whatever it is written
 * in, helper threads of its runtime included. Elsewhere nothing is known, and columns stay empty.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"

export interface Usage {
  /** User and system time since the start, microseconds. */
  readonly micros: number
  /** Resident memory, MB. */
  readonly residentMb: number
}

// Linux tells times in ticks of 10 ms on every platform that Node runs on.
const microsPerTick = 10_000
const pageMb = 4_096 / 2 ** 20

/** The usage in a line of `/proc/<pid>/stat` (proc(5)); the command, in parentheses, may hold anything. */
export const parse = (stat: string): Usage => {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  // Numbered from 1 in proc(5), where the first of these is number 3.
  const field = (number: number): number => Number(fields[number - 3])
  return { micros: (field(14) + field(15)) * microsPerTick, residentMb: field(24) * pageMb }
}

export const usageOf = (pid: number): Effect.Effect<Option.Option<Usage>, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return Option.some(parse(yield* fs.readFileString(`/proc/${pid}/stat`)))
  }).pipe(Effect.orElseSucceed(() => Option.none()))

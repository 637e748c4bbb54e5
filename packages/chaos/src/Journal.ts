/**
 * What happened, written down by every process as it happens: one file of JSON lines each, appended synchronously, so that
 * the line before a SIGKILL is there.
 */
import { appendFileSync, readdirSync, readFileSync } from "node:fs"

/** Times are epoch milliseconds: all processes are on one machine. */
export type Entry =
  /** A call is made. */
  | {
      readonly type: "call"
      readonly at: number
      readonly id: string
      readonly operation: string
      readonly deadline: number
    }
  /** A call ended: `success`, or the tag of the reason. */
  | {
      readonly type: "outcome"
      readonly at: number
      readonly id: string
      readonly outcome: string
      readonly isCertainlyNotExecuted: boolean
    }
  /** A handler begins. */
  | { readonly type: "run"; readonly at: number; readonly id: string; readonly key: string | undefined }
  /** It did what it is for. */
  | { readonly type: "effect"; readonly at: number; readonly id: string; readonly key: string | undefined }
  /** The event loop stood still for so long. */
  | { readonly type: "stall"; readonly at: number; readonly millis: number }
  /** The orchestrator did something to somebody, from `at` until `until`. */
  | {
      readonly type: "fault"
      readonly at: number
      readonly until: number
      readonly fault: string
      readonly target: string
    }

/** An entry with the process that wrote it. */
export type Recorded = Entry & { readonly by: string }

export class Journal {
  readonly #file: string

  constructor(folder: string, name: string) {
    this.#file = `${folder}/${name}.ndjson`
  }

  write(entry: Entry): void {
    appendFileSync(this.#file, `${JSON.stringify(entry)}\n`)
  }
}

/** Everything that all processes wrote, in the order of time. A last line cut by a SIGKILL is left out. */
export const readAll = (folder: string): ReadonlyArray<Recorded> =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".ndjson"))
    .flatMap((name) => {
      const by = name.replace(/\.ndjson$/, "")
      return readFileSync(`${folder}/${name}`, "utf8")
        .split("\n")
        .slice(0, -1)
        .map((line) => ({ ...(JSON.parse(line) as Entry), by }))
    })
    .toSorted((a, b) => a.at - b.at)

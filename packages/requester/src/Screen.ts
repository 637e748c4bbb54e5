/**
 * The console of a run: lines above, and on a terminal one status line below that is drawn again as it changes.
 */
import { styleText } from "node:util"
import { showsColours } from "@kafka-request-reply/program/ConsoleLog"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** What `util.styleText` takes. */
export type Style = "red" | "yellow" | "green" | "gray" | "bold"
export type Paint = (style: Style, text: string) => string

const coloured: Paint = (style, text) => styleText(style, text, { validateStream: false })
const plain: Paint = (_, text) => text

export interface Output {
  /** Writes one line, above the status line. */
  readonly line: (text: string) => void
  readonly paint: Paint
  readonly isColoured: boolean
}

export class Screen extends Context.Service<
  Screen,
  {
    /** Results: standard output. */
    readonly result: Output
    /** The course of things: standard output too, or standard error when that must hold nothing but the result. */
    readonly course: Output
    /** Complaints: standard error. */
    readonly complaint: Output
    /** Replaces the status line, as wide as the terminal at most; empty removes it. Undefined where there is no terminal. */
    readonly status: ((text: string) => void) | undefined
    /** Columns of the terminal the status line is on. */
    readonly columns: () => number
  }
>()("@kafka-request-reply/requester/Screen") {}

const eraseLine = "\r\u001B[2K"

export interface Options {
  /** Keeps standard output free for the result. */
  readonly isResultOnly: boolean
  /** Whether standard input is read: a status line would wipe away what a person types there. */
  readonly readsInput: boolean
}

const make = ({ isResultOnly, readsInput }: Options) =>
  Effect.gen(function* () {
    const { stderr, stdout } = process
    const isTerminal = stderr.isTTY === true && !(readsInput && process.stdin.isTTY)
    let shown = ""
    const outputOf = (stream: NodeJS.WriteStream): Output => ({
      isColoured: showsColours(stream),
      paint: showsColours(stream) ? coloured : plain,
      line: (text) => {
        // The status line must be cleared only when both streams are the same terminal.
        const isOver = shown !== "" && stream.isTTY === true
        if (isOver) stderr.write(eraseLine)
        stream.write(`${text}\n`)
        if (isOver) stderr.write(shown)
      }
    })
    const clear = Effect.sync(() => {
      if (shown !== "") stderr.write(eraseLine)
      shown = ""
    })
    yield* Effect.addFinalizer(() => clear)
    const complaint = outputOf(stderr)
    return Screen.of({
      result: outputOf(stdout),
      course: isResultOnly ? complaint : outputOf(stdout),
      complaint,
      columns: () => stderr.columns ?? 80,
      status: isTerminal
        ? (text) => {
            shown = text
            stderr.write(`${eraseLine}${text}`)
          }
        : undefined
    })
  })

export const layer = (options: Options): Layer.Layer<Screen> => Layer.effect(Screen, make(options))

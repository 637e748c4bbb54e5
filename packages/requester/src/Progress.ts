/**
 * Shows how a run goes: a line for each of the first answers of a second, one for the rest of it, and a bar on a terminal.
 */
import { grouped, Tally } from "@kafka-request-reply/program/Tally"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Outcome } from "./Outcome.ts"
import type { Order } from "./Order.ts"
import { type Paint, Screen, type Style } from "./Screen.ts"
import * as NoAnswerHint from "./NoAnswerHint.ts"

export interface Options {
  readonly linesPerSecond: number
  /** Bytes of all orders, when known. */
  readonly size: number | undefined
}

/** What the display needs to know, as it is now. */
export interface State {
  readonly inFlight: number
  readonly answered: number
  /** Bytes of the lines that are done. */
  readonly bytesDone: number
}

export interface Progress {
  readonly answered: (order: Order, outcome: Outcome, millis: number) => void
}

const styles: Record<Outcome["kind"], Style> = {
  success: "green",
  declared: "yellow",
  error: "red",
  defect: "red",
  stopped: "gray"
}

/** One answer in columns: order, what was asked, what came of it, and after how long. */
export const line = (paint: Paint, order: Order, { detail, kind, name }: Outcome, millis: number): string => {
  const asked = `${String(order.quantity).padStart(4)} × ${order.sku.padEnd(10)}`
  const time = `${millis.toFixed(1).padStart(8)} ms`
  return `${order.orderId.padEnd(14)} ${asked} ${time}  ${paint(styles[kind], name.padEnd(11))} ${detail}`
}

const barWidth = 24

/** A bar of eighths: `█████▌        `. */
export const bar = (share: number): string => {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * barWidth * 8)
  const rest = eighths % 8
  return ("█".repeat(Math.floor(eighths / 8)) + (rest === 0 ? "" : " ▏▎▍▌▋▊▉".charAt(rest))).padEnd(barWidth)
}

const share = ({ bytesDone }: State, size: number | undefined): number | undefined =>
  size === undefined || size === 0 ? undefined : Math.min(1, bytesDone / size)

const percent = (part: number | undefined): string => (part === undefined ? "" : `${Math.floor(part * 100)} %  `)

/** Displays until the scope closes. */
export const make = Effect.fnUntraced(function* ({ linesPerSecond, size }: Options, state: () => State) {
  const screen = yield* Screen
  const clock = yield* Clock.Clock
  const { course, complaint, status } = screen
  const startedAt = clock.currentTimeMillisUnsafe()
  let unsaid = new Tally()
  let budget = linesPerSecond
  let silentSeconds = 0

  const draw = (show: (text: string) => void) => {
    const now = state()
    const part = share(now, size)
    const rate = now.answered / Math.max(0.001, (clock.currentTimeMillisUnsafe() - startedAt) / 1000)
    const head = part === undefined ? "" : `${course.paint("green", bar(part))} `
    const rest = `${percent(part)}${now.answered} answered  ${Math.round(rate)}/s  ${now.inFlight} under way`
    const room = screen.columns() - 1 - (part === undefined ? 0 : barWidth + 1)
    show(`${head}${rest.slice(0, Math.max(0, room))}`)
  }
  const sumUp = Effect.sync(() => {
    budget = linesPerSecond
    const sum = unsaid
    unsaid = new Tally()
    const now = state()
    const where = status === undefined ? percent(share(now, size)) : ""
    if (sum.count > 0) course.line(course.paint("gray", `${where}${grouped(sum.count)} more: ${sum.text()}`))
    else if (status === undefined && now.inFlight > 0) {
      course.line(`${where}${now.answered} answered, ${now.inFlight} under way`)
    }
    // The rate is not measured from the start of the run, because orders on standard input may arrive late.
    silentSeconds = now.answered === 0 && now.inFlight > 0 ? silentSeconds + 1 : 0
    if (silentSeconds === NoAnswerHint.seconds) complaint.line(NoAnswerHint.text)
  })
  yield* sumUp.pipe(Effect.delay("1 second"), Effect.forever, Effect.forkScoped)
  if (status !== undefined) {
    yield* Effect.sync(() => draw(status)).pipe(Effect.delay("100 millis"), Effect.forever, Effect.forkScoped)
  }
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      status?.("")
      if (unsaid.count > 0) course.line(course.paint("gray", `${grouped(unsaid.count)} more: ${unsaid.text()}`))
    })
  )
  const progress: Progress = {
    answered: (order, outcome, millis) => {
      if (outcome.kind === "stopped") return
      if (budget <= 0) return unsaid.add("Reserve", outcome.name, millis)
      budget--
      course.line(line(course.paint, order, outcome, millis))
    }
  }
  return progress
})

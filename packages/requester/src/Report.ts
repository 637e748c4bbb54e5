/**
 * The end of a run in words and columns, or as one JSON object.
 */
import { counted, grouped } from "@kafka-request-reply/program/Tally"
import type { Summary } from "./Latency.ts"
import { isFailure, type Kind } from "./Outcome.ts"
import type { RunResult } from "./Run.ts"
import type { Paint, Style } from "./Screen.ts"

const styles: Partial<Record<Kind, Style>> = { success: "green", declared: "yellow", error: "red", defect: "red" }

const millis = (n: number): string => (n < 10 ? n.toFixed(1) : grouped(Math.round(n)))

const barWidth = 32

const histogram = (paint: Paint, { count, max, min, p50, p90, p99, steps }: Summary): ReadonlyArray<string> => {
  const most = Math.max(...steps.map((step) => step.count))
  const rows = steps.map((step) => {
    const filled = "█".repeat(Math.round((step.count / most) * barWidth)) || (step.count > 0 ? "▏" : "")
    const share = ((step.count / count) * 100).toFixed(1).padStart(5)
    return `  ≤ ${grouped(step.upTo).padStart(7)} ms ${grouped(step.count).padStart(9)} ${share} %  ${paint("green", filled)}`
  })
  const quantiles = `min ${millis(min)}   p50 ${millis(p50)}   p90 ${millis(p90)}   p99 ${millis(p99)}   max ${millis(max)}`
  return ["", `${paint("bold", "answer times")} (ms)   ${quantiles}`, ...rows]
}

/** A table of outcomes, the throughput, and the answer times. */
export const text = (result: RunResult, paint: Paint): string => {
  const { calls, latency, malformedLines, outcomes, seconds } = result
  const width = Math.max(16, ...outcomes.map(({ name }) => name.length))
  const row = (name: string, count: number, share: string) =>
    `  ${name.padEnd(width)} ${grouped(count).padStart(9)} ${share}`
  const rows = outcomes.map(({ count, kind, name }) => {
    const style = styles[kind]
    const line = row(name, count, `${((count / calls) * 100).toFixed(1).padStart(6)} %`)
    return style === undefined ? line : line.replace(name, paint(style, name))
  })
  const rate = seconds > 0 ? calls / seconds : 0
  const summary = latency.summary()
  const how = result.isStopped ? ", stopped before the end" : ""
  if (calls === 0 && malformedLines === 0) {
    return `\n${result.isStopped ? "nothing was sent" : "no orders: nothing was sent"}${how}`
  }
  return [
    "",
    paint("bold", "outcomes"),
    ...rows,
    ...(malformedLines > 0 ? [row("no order (line)", malformedLines, "")] : []),
    "",
    `${counted(calls, "call")} in ${seconds.toFixed(2)} s: ${paint("bold", `${grouped(Math.round(rate))} per second`)}${how}`,
    ...(summary === undefined ? [] : histogram(paint, summary))
  ].join("\n")
}

/** The same for programs: milliseconds, seconds and counts. */
export const json = (result: RunResult): string => {
  const { calls, malformedLines, outcomes, seconds, isStopped } = result
  const summary = result.latency.summary()
  return JSON.stringify({
    calls,
    malformedLines,
    isStopped,
    failures: outcomes.filter(isFailure).reduce((sum, { count }) => sum + count, 0),
    outcomes: Object.fromEntries(outcomes.map(({ count, name }) => [name, count])),
    seconds: Number(seconds.toFixed(3)),
    callsPerSecond: seconds > 0 ? Number((calls / seconds).toFixed(1)) : 0,
    latencyMillis: summary ?? null
  })
}

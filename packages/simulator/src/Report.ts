/**
 * What a run of the simulator found, for people and for programs.
 */
import type { Campaign, Finding } from "./run/campaign.ts"
import { runHistory, traceOf } from "./run/history.ts"

export interface Summary {
  readonly runs: number
  readonly seed: number
  readonly millis: number
}

const perMinute = ({ millis }: Summary, count: number): number => Math.round((count / Math.max(1, millis)) * 60_000)

const barWidth = 24

/** One line that tells how far a run is. */
export const progress = (done: number, summary: Summary, { coverage, findings }: Campaign): string => {
  const filled = Math.round((done / summary.runs) * barWidth)
  const bar = "█".repeat(filled).padEnd(barWidth, "·")
  const perSecond = Math.round(perMinute(summary, done) / 60)
  const faults = coverage.faults().reduce((sum, [, count]) => sum + count, 0)
  const found = findings.size === 0 ? "all promises kept" : `${findings.size} promises broken`
  return `${bar} ${done}/${summary.runs}  ${perSecond} histories/s  ${faults} faults  ${coverage.events} events  ${found}`
}

const findingText = (finding: Finding): string => {
  const { count, plan, seed, violation } = finding
  const history = runHistory(plan)
  const smallest = history.violations.map(({ at, detail, rule }) => `  ${at} ms  ${rule}: ${detail}`)
  return [
    ``,
    `BROKEN: ${violation.rule} (${count} histories, first seed ${seed})`,
    `  ${violation.detail}`,
    `replay it: pnpm simulate --seed ${seed} --replay`,
    `the smallest plan found: ${JSON.stringify(plan)}`,
    `its events:`,
    traceOf(history),
    ...smallest
  ].join("\n")
}

/** The whole of it, as text. */
export const text = (summary: Summary, { coverage, findings }: Campaign): string => {
  const { events, histories, steps } = coverage
  const pairs = coverage.pairs()
  const seen = [...coverage.seen].filter(([what]) => !what.startsWith("pair ")).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const never = coverage.neverSeen()
  return [
    `${histories} histories of seeds ${summary.seed} to ${summary.seed + histories - 1}, ${perMinute(summary, histories)} a minute, ${events} events, ${steps} steps`,
    ...seen.map(([what, count]) => `  ${what.padEnd(62)} ${String(count).padStart(9)}`),
    `  pairs of a fault and an outcome: ${pairs.seen} of ${pairs.possible} seen`,
    never.length === 0 ? `  nothing that was looked for was never seen` : `  never seen: ${never.join(", ")}`,
    ...[...findings.values()].map(findingText),
    findings.size === 0 ? `every promise was kept` : `${findings.size} promises were broken`
  ].join("\n")
}

/** The whole of it, for programs. */
export const json = (summary: Summary, { coverage, findings }: Campaign): string =>
  JSON.stringify({
    histories: coverage.histories,
    seed: summary.seed,
    millis: summary.millis,
    perMinute: perMinute(summary, coverage.histories),
    events: coverage.events,
    steps: coverage.steps,
    seen: Object.fromEntries(coverage.seen),
    neverSeen: coverage.neverSeen(),
    findings: [...findings.values()].map(({ count, plan, seed, violation }) => ({ ...violation, count, seed, plan }))
  })

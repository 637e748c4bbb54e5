/**
 * What a run of the simulator found, for people and for programs.
 */
import type { Campaign, Finding } from "./run/campaign.ts"
import type { Plan, PlannedCall } from "./plan/Plan.ts"
import { type History, runHistory, traceOf } from "./run/history.ts"

export interface Summary {
  readonly runs: number
  readonly seed: number
  readonly millis: number
}

const perMinute = ({ millis }: Summary, count: number): number => Math.round((count / Math.max(1, millis)) * 60_000)

const barWidth = 24

/** What need not be said of a call. */
const ordinary: Partial<PlannedCall> = {
  isScattered: false,
  value: 0,
  millis: 0,
  behaviour: "ok",
  isDiscard: false,
  isImpatient: false,
  isThrowing: false,
  isOversize: false
}

/** One line that tells how far a run is. */
export const progress = (done: number, summary: Summary, { coverage, findings }: Campaign): string => {
  const filled = Math.round((done / summary.runs) * barWidth)
  const bar = "█".repeat(filled).padEnd(barWidth, "·")
  const perSecond = Math.round(perMinute(summary, done) / 60)
  const kinds = coverage.faultKinds()
  const faults = kinds.reduce((sum, [, count]) => sum + count, 0)
  const byKind = kinds.map(([kind, count]) => `${kind} ${count}`).join(", ")
  return `${bar} ${done}/${summary.runs}  ${perSecond} histories/s  ${verdict(findings.size)}  ${coverage.events} events  ${faults} faults: ${byKind}`
}

const promises = (count: number): string => `${count} ${count === 1 ? "promise" : "promises"}`

const verdict = (broken: number): string => (broken === 0 ? "all promises kept" : `${promises(broken)} broken`)

const difference = <A extends object>(value: A, from: Partial<A>): string =>
  Object.entries(value)
    .filter(([name, own]) => own !== undefined && JSON.stringify(own) !== JSON.stringify(from[name as keyof A]))
    .map(([name, own]) => `${name} ${typeof own === "object" ? JSON.stringify(own) : String(own)}`)
    .join(", ")

/** A plan in lines; of calls, what is not ordinary. */
const planText = ({ calls, recordFaults, settings, worldFaults }: Plan): ReadonlyArray<string> => [
  `  world   ${difference(settings, {})}`,
  ...calls.map((call) => `  call    ${difference(call, ordinary)}`),
  ...[...recordFaults, ...worldFaults].map((fault) => `  fault   ${difference(fault, {})}`)
]

const findingText = (finding: Finding): string => {
  const { count, plan, seed, violation } = finding
  const history = runHistory(plan)
  const smallest = history.violations.map(({ at, detail, rule }) => `BROKEN at ${at} ms: ${rule}: ${detail}`)
  return [
    ``,
    `BROKEN: ${violation.rule} (${count} ${count === 1 ? "history" : "histories"}, first seed ${seed})`,
    `  ${violation.detail}`,
    `replay it: npx -y pnpm@12 simulate --seed ${seed} --replay`,
    ``,
    `the smallest plan found that breaks it:`,
    ...planText(plan),
    ``,
    `what happens in it:`,
    traceOf(history),
    ...smallest,
    ``,
    `the plan as data, for test/run/plans.ts:`,
    JSON.stringify(plan),
    ``
  ].join("\n")
}

const columns = (title: string, seen: ReadonlyArray<readonly [string, number]>): ReadonlyArray<string> =>
  seen.length === 0
    ? []
    : [``, `${title}:`, ...seen.map(([what, count]) => `  ${what.padEnd(40)} ${String(count).padStart(9)}`)]

const counterName = (counter: string): string =>
  counter.replace("kafka_rr_", "").replace("_total", "").replaceAll("_", " ")

/** One line for each kind, with how often it happened to each leg. */
const faultColumns = (seen: ReadonlyArray<readonly [string, number]>): ReadonlyArray<readonly [string, number]> =>
  seen.map(([what, count]) => {
    const [kind, leg] = what.split(" ")
    return [leg === undefined ? kind! : `${kind} of a ${leg}`, count]
  })

/** The whole of it, as text. */
export const text = (summary: Summary, { coverage, findings }: Campaign): string => {
  const { events, histories, steps } = coverage
  const pairs = coverage.pairs()
  const never = coverage.neverSeen()
  const calm = coverage.seen.get("no fault") ?? 0
  return [
    `${histories} histories of seeds ${summary.seed} to ${summary.seed + histories - 1}, ${perMinute(summary, histories)} a minute, ${events} events, ${steps} steps`,
    ...columns("histories in which a call ended so", coverage.of("outcome")),
    ...columns(`histories in which this went wrong (in ${calm} nothing did)`, faultColumns(coverage.of("fault"))),
    ...columns(
      "what the programs counted",
      coverage.of("count").map(([what, count]) => [counterName(what), count] as const)
    ),
    ``,
    `pairs of a fault and an outcome: ${pairs.seen} of ${pairs.possible} seen`,
    never.length === 0 ? `nothing that was looked for was never seen` : `never seen: ${never.join(", ")}`,
    ...[...findings.values()].map(findingText),
    findings.size === 0
      ? `every promise was kept`
      : `${promises(findings.size)} ${findings.size === 1 ? "was" : "were"} broken`
  ].join("\n")
}

/** The whole of it, for programs. */
export const json = (summary: Summary, { coverage, findings }: Campaign): string =>
  JSON.stringify({
    isKept: findings.size === 0,
    histories: coverage.histories,
    seed: summary.seed,
    millis: summary.millis,
    perMinute: perMinute(summary, coverage.histories),
    events: coverage.events,
    steps: coverage.steps,
    outcomes: Object.fromEntries(coverage.of("outcome")),
    faults: Object.fromEntries(coverage.of("fault")),
    counts: Object.fromEntries(coverage.of("count")),
    pairs: Object.fromEntries(coverage.of("pair")),
    noFault: coverage.seen.get("no fault") ?? 0,
    neverSeen: coverage.neverSeen(),
    findings: [...findings.values()].map(({ count, plan, seed, violation }) => ({
      ...violation,
      count,
      seed,
      plan,
      events: runHistory(plan).events
    }))
  })

/** One history, for programs. */
export const historyJson = ({ events, plan, steps, violations, virtualMillis }: History): string =>
  JSON.stringify({ isKept: violations.length === 0, plan, violations, steps, virtualMillis, events })

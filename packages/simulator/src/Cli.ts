/**
 * The command line: `simulate --runs N --seed S`, `--replay`, `--mutants`, `--json`.
 */
import * as Clock from "effect/Clock"
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import { hunt, mutants } from "./mutants/hunt.ts"
import { makePlan } from "./plan/makePlan.ts"
import * as Report from "./Report.ts"
import { breaks, campaign } from "./run/campaign.ts"
import { runHistory, traceOf } from "./run/history.ts"
import { shrink } from "./run/shrink.ts"
import * as Screen from "./Screen.ts"

/** Histories run between two looks at the clock. */
const atATime = 20

const runMany = Effect.fnUntraced(function* (runs: number, seed: number, isJson: boolean) {
  const screen = yield* Screen.make
  const startedAt = yield* Clock.currentTimeMillis
  yield* screen.note(`seed ${seed}: ${runs} histories`)
  const running = campaign(seed)
  const summary = Effect.map(Clock.currentTimeMillis, (now) => ({ runs, seed, millis: now - startedAt }))
  for (let done = 0; done < runs;) {
    for (let index = 0; index < atATime && done < runs; index++, done++) running.next()
    yield* screen.progress(Report.progress(done, yield* summary, running))
    // Lets signals in.
    yield* Effect.sleep(0)
  }
  yield* screen.done
  const report = isJson ? Report.json : Report.text
  yield* Console.log(report(yield* summary, running))
  return running.findings.size === 0
})

const replay = Effect.fnUntraced(function* (seed: number, isJson: boolean) {
  const plan = makePlan(seed)
  const history = runHistory(plan)
  if (isJson) {
    yield* Console.log(Report.historyJson(history))
    return history.violations.length === 0
  }
  yield* Console.log(`${JSON.stringify(plan, null, 2)}\n${traceOf(history)}`)
  const [violation] = history.violations
  if (violation === undefined) {
    yield* Console.log("every promise was kept")
    return true
  }
  for (const { at, detail, rule } of history.violations) yield* Console.log(`BROKEN at ${at} ms: ${rule}: ${detail}`)
  const { plan: smallest, tries } = shrink(plan, (candidate) => breaks(candidate, violation.rule))
  const small = runHistory(smallest)
  yield* Console.log(`\nthe smallest plan found, in ${tries} tries:\n${JSON.stringify(smallest)}\n${traceOf(small)}`)
  for (const { at, detail, rule } of small.violations) yield* Console.log(`BROKEN at ${at} ms: ${rule}: ${detail}`)
  return false
})

const bite = Effect.fnUntraced(function* (limit: number, seed: number, isJson: boolean) {
  const caught: Array<object> = []
  let isCaught = true
  if (!isJson) {
    yield* Console.log(`| mutant | what is wrong with it | histories needed | broken promise |\n|---|---|---|---|`)
  }
  for (const mutant of mutants) {
    const found = hunt(mutant, seed, limit)
    isCaught &&= found !== undefined
    const { name, what } = mutant
    const histories = found === undefined ? `none of ${limit}` : String(found.histories)
    if (isJson) caught.push({ name, what, histories: found?.histories, rule: found?.rule, plan: found?.plan })
    else yield* Console.log(`| ${name} | ${what} | ${histories} | ${found?.rule ?? ""} |`)
    yield* Effect.sleep(0)
  }
  if (isJson) yield* Console.log(JSON.stringify({ isCaught, seed, limit, mutants: caught }))
  return isCaught
})

/** A promise was broken: what there is to say was said. */
export class Broken extends Error {
  override readonly name = "Broken"
}

/** The command line asks for something that makes no sense: what there is to say was said. */
export class Misused extends Error {
  override readonly name = "Misused"
}

/** What is wrong with flags that are each right. */
const complaintOf = ({
  mutants: isHunt,
  replay: isReplay,
  runs,
  seed
}: {
  readonly mutants: boolean
  readonly replay: boolean
  readonly runs: Option.Option<number>
  readonly seed: Option.Option<number>
}): string | undefined => {
  if (Option.isSome(runs) && runs.value < 1) return "--runs must be at least 1: no history keeps no promise"
  if (isReplay && isHunt) return "--replay shows one history, --mutants runs many: choose one"
  if (isReplay && Option.isNone(seed)) return "--replay needs --seed: the history to show"
  if (isReplay && Option.isSome(runs)) return "--replay runs one history: leave --runs out"
  return undefined
}

const simulate = Command.make(
  "simulate",
  {
    runs: Flag.Int("runs").pipe(
      Flag.withDescription("how many histories (default 1000); with --mutants: for each mutant at most (default 5000)"),
      Flag.optional
    ),
    seed: Flag.Int("seed").pipe(Flag.withDescription("the first seed (default: a random one)"), Flag.optional),
    replay: Flag.Boolean("replay").pipe(
      Flag.withDescription("run the one history of --seed, print its events, and make it small when it fails"),
      Flag.withDefault(false)
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("give the result as one JSON object on standard output"),
      Flag.withDefault(false)
    ),
    mutants: Flag.Boolean("mutants").pipe(
      Flag.withDescription("plant known bugs and count the histories until each is reported"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* (flags) {
    const complaint = complaintOf(flags)
    if (complaint !== undefined) {
      yield* Console.error(complaint)
      return yield* Effect.fail(new Misused())
    }
    const random = Random.nextIntBetween(1, 1_000_000_000)
    const seed = Option.isSome(flags.seed) ? flags.seed.value : flags.mutants ? 1 : yield* random
    const runs = Option.getOrElse(flags.runs, () => (flags.mutants ? 5_000 : 1_000))
    const isKept = flags.mutants
      ? yield* bite(runs, seed, flags.json)
      : flags.replay
        ? yield* replay(seed, flags.json)
        : yield* runMany(runs, seed, flags.json)
    if (!isKept) return yield* Effect.fail(new Broken())
  })
).pipe(
  Command.withDescription(
    "Break the request/reply engine on purpose, on virtual time. Exit codes: 0 every promise was kept, 1 one was broken, 2 usage"
  ),
  Command.withExamples([
    { command: "simulate --runs 10000", description: "run ten thousand histories of fresh seeds" },
    { command: "simulate --seed 4711 --replay", description: "show one history, event by event" },
    { command: "simulate --mutants", description: "see that planted bugs are found" }
  ])
)

/** Runs a command line to an exit code. */
export const main = (args: ReadonlyArray<string>) =>
  Command.runWith(simulate, { version: "0.1.0" })(args[0] === "--" ? args.slice(1) : args).pipe(
    Effect.as(0),
    Effect.catchIf(CliError.isCliError, () => Effect.succeed(2)),
    Effect.catchIf(
      (error) => error instanceof Misused,
      () => Effect.succeed(2)
    ),
    Effect.catchIf(
      (error) => error instanceof Broken,
      () => Effect.succeed(1)
    )
  )

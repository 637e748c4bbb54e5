/**
 * `pnpm chaos --minutes N --seed S`: real brokers, real processes, random faults, and an audit. Ends with 1 on a violation.
 */
import { ExitWith } from "@kafka-request-reply/program/Launch"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import type { Audit } from "./audit/Audit.ts"
import { run } from "./Run.ts"

const flags = {
  minutes: Flag.Finite("minutes").pipe(Flag.withDefault(5), Flag.withDescription("how long (default 5)")),
  seed: Flag.Int("seed").pipe(Flag.optional, Flag.withDescription("of the faults drawn; default: a fresh one")),
  only: Flag.String("only").pipe(
    Flag.withDefault(""),
    Flag.withDescription("faults whose name contains one of these words")
  ),
  rate: Flag.Int("rate").pipe(Flag.withDefault(120), Flag.withDescription("calls per second, about (default 120)")),
  keep: Flag.String("keep").pipe(
    Flag.optional,
    Flag.withDescription("a folder for journals and logs, kept afterwards")
  ),
  json: Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("the audit as JSON"))
}

const listOf = (counts: ReadonlyMap<string, number>): string =>
  Array.from(counts, ([word, count]) => `${word} ${count}`).join(", ")

const shownViolations = 20

const text = ({ calls, faults, outcomes, secondRuns, violations }: Audit): string =>
  [
    `calls        ${calls}: ${listOf(outcomes)}`,
    `faults       ${listOf(faults)}`,
    `second runs  ${secondRuns}, all of them after a fault of their owner or its brokers`,
    ...(violations.length === 0 ? ["every promise was kept"] : [`${violations.length} VIOLATIONS`]),
    ...violations.slice(0, shownViolations).map(({ detail, rule }) => `  ${rule}: ${detail}`)
  ].join("\n")

const asJson = (audit: Audit): string =>
  JSON.stringify({
    ...audit,
    outcomes: Object.fromEntries(audit.outcomes),
    faults: Object.fromEntries(audit.faults)
  })

/** The command line program. */
export const chaos = Command.make(
  "chaos",
  flags,
  Effect.fnUntraced(function* ({ json, keep, minutes, only, rate, seed: given }) {
    const fs = yield* FileSystem.FileSystem
    const seed = Option.isSome(given) ? given.value : yield* Random.nextIntBetween(1, 1_000_000)
    const folder = Option.isSome(keep) ? keep.value : yield* fs.makeTempDirectory({ prefix: "chaos-" })
    yield* fs.makeDirectory(folder, { recursive: true })
    const startedAt = yield* Clock.currentTimeMillis
    const say = (what: string) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Console.error(`${((now - startedAt) / 1_000).toFixed(1).padStart(7)} s  ${what}`)
      )
    yield* say(`seed ${seed}, ${minutes} minutes, journals in ${folder}; starting three brokers`)
    const plan = {
      seconds: Math.max(30, minutes * 60),
      seed,
      folder,
      only: only === "" ? [] : only.split(","),
      callsPerSecond: rate
    }
    const result = yield* run(plan, say)
    yield* Console.log(json ? asJson(result) : text(result))
    if (result.violations.length > 0) return yield* new ExitWith({ code: 1 })
    if (Option.isNone(keep)) yield* fs.remove(folder, { recursive: true })
  }, Effect.scoped)
).pipe(Command.withDescription("Break a real cluster and real programs, and audit what they promised"))

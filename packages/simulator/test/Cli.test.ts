/**
 * The command line: what makes no sense is refused, and everything can be had as JSON.
 */
import { assert, describe, it } from "@effect/vitest"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { main } from "../src/Cli.ts"

/** The exit code of a command line, and what it said on standard output. */
const run = (...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const silent = { ...globalThis.console, log: (line: string) => void lines.push(line), error: () => {} }
    const code = yield* main(args).pipe(
      Effect.provideService(Console.Console, silent),
      Effect.provide(NodeServices.layer)
    )
    return { code, output: lines.join("\n") }
  })

const senseless = [
  "--runs 0",
  "--runs -5",
  "--replay",
  "--replay --seed 1 --runs 2",
  "--replay --seed 1 --mutants",
  "--nonsense"
]

describe("simulate", () => {
  it.live.each(senseless)("refuses %s", (line) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* run(...line.split(" "))).code, 2)
    })
  )

  it.live(
    "gives a run, a history and a hunt as one JSON object each",
    () =>
      Effect.gen(function* () {
        const many = yield* run("--runs", "5", "--seed", "1", "--json")
        const result = JSON.parse(many.output)
        assert.deepStrictEqual([many.code, result.isKept, result.histories], [0, true, 5])
        assert.containsAllKeys(result, ["outcomes", "faults", "counts", "pairs", "neverSeen", "findings"])
        const one = JSON.parse((yield* run("--replay", "--seed", "1", "--json")).output)
        assert.deepStrictEqual([one.isKept, one.plan.seed, one.violations], [true, 1, []])
        assert.isAbove(one.events.length, 10)
        const hunt = yield* run("--mutants", "--runs", "1", "--json")
        assert.strictEqual(hunt.code, 1)
        assert.isAbove(JSON.parse(hunt.output).mutants.length, 20)
      }),
    // The hunt runs every planted bug once; on a busy machine that takes its time.
    120_000
  )
})

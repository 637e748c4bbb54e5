import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { makeWorld, run, services } from "./support/programs.ts"

// Nothing listens on port 1.
const world = makeWorld(["localhost:1"])
const seconds = 1000

layer(services, { excludeTestServices: true })("what the programs cannot work with", (it) => {
  it.effect(
    "is a Kafka that does not answer: soon, with what was tried and what to do",
    () =>
      Effect.gen(function* () {
        const here = yield* world
        const programs = [
          ["responder", []],
          ["requester", ["run"]],
          ["requester", ["call", "GetStock", '{"sku":"TEA-0001"}']]
        ] as const
        for (const [program, args] of programs) {
          const end = yield* run(program, here, { args }).pipe(Effect.timeout("15 seconds"))
          assert.strictEqual(end.exitCode, 1)
          assert.match(end.stderr, new RegExp(`^${program}: no Kafka broker answers at localhost:1`))
          assert.match(end.stderr, /npx -y pnpm@12 kafka up.*KAFKA_BROKERS/)
          assert.notMatch(end.stderr, /\n +at /)
        }
      }),
    60 * seconds
  )

  it.effect(
    "is a wrong setting, named with what it accepts",
    () =>
      Effect.gen(function* () {
        const here = yield* world
        const wrong = { KAFKA_BROKERS: "localhost", KAFKA_PARTITIONS: "none" }
        for (const program of ["responder", "requester"] as const) {
          const end = yield* run(program, here, { environment: wrong })
          assert.strictEqual(end.exitCode, 2)
          assert.match(end.stderr, /KAFKA_BROKERS is "localhost"; it takes host:port/)
          assert.match(end.stderr, /KAFKA_PARTITIONS is "none"; it takes a whole number from 1 to 1000/)
        }
      }),
    30 * seconds
  )

  it.effect(
    "is a wrong command line: standard output stays empty for who reads results from it",
    () =>
      Effect.gen(function* () {
        const here = yield* world
        for (const program of ["responder", "requester"] as const) {
          const end = yield* run(program, here, { args: ["--json", "--nonsense"] })
          assert.strictEqual(end.exitCode, 2)
          assert.strictEqual(end.stdout, "")
          assert.match(end.stderr, /USAGE[^]*Unrecognized flag: --/)
        }
      }),
    30 * seconds
  )

  it.effect(
    "is a file that cannot be used",
    () =>
      Effect.gen(function* () {
        const here = yield* world
        const fs = yield* FileSystem.FileSystem
        const missing = yield* run("requester", here, { args: ["run", "--memory", "missing.jsonl"] })
        assert.strictEqual(missing.exitCode, 2)
        assert.match(missing.stderr, /missing\.jsonl cannot be read: there is no such file/)
        yield* fs.writeFileString(`${here.folder}/catalogue.csv`, "sku,name,available\nTEA-1,Tea,-1\n")
        const catalogue = { INVENTORY_CATALOGUE: "catalogue.csv" }
        const bad = yield* run("responder", here, { environment: catalogue })
        assert.strictEqual(bad.exitCode, 1)
        assert.match(bad.stderr, /catalogue\.csv cannot be used:\n {2}line 2: available is "-1"/)
      }),
    30 * seconds
  )

  it.effect(
    "is no Kafka at all, unless both programs run in one process",
    () =>
      Effect.gen(function* () {
        const here = yield* world
        const { exitCode, stdout } = yield* run("requester", here, { args: ["run", "--memory", "--json"] })
        assert.strictEqual(exitCode, 0)
        const result = JSON.parse(stdout)
        assert.strictEqual(result.failures, 0)
        assert.isAbove(result.outcomes.success, 2000)
        assert.isAbove(result.outcomes.OutOfStock, 100)
        assert.isAbove(result.outcomes.UnknownSku, 50)
        assert.isAbove(result.malformedLines, 10)
      }),
    30 * seconds
  )
})

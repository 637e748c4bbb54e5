/**
 * The dev broker's life from the command line, with a real Kafka: raced for, used, stopped.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { realWorld, runModule, type World } from "./cli.ts"

const kafka = (world: World, ...args: ReadonlyArray<string>) => runModule(world, "main.ts", ...args)

describe("kafka with a broker", () => {
  it.effect(
    "is started once by two that race, serves programs, and is gone after `down`",
    () =>
      Effect.gen(function* () {
        const world = yield* realWorld
        yield* Effect.addFinalizer(() => Effect.orDie(kafka(world, "down")))
        const address = `localhost:${world.port}`

        const both = yield* Effect.all([kafka(world, "ensure"), kafka(world, "ensure")], { concurrency: 2 })
        for (const { exitCode, stdout } of both)
          assert.deepStrictEqual({ exitCode, stdout }, { exitCode: 0, stdout: `${address}\n` })
        const said = both.map(({ stderr }) => stderr).join("")
        assert.strictEqual(said.match(/starting Apache Kafka/g)?.length, 1)
        assert.strictEqual(said.match(/using the Kafka on/g)?.length, 1)

        const status = yield* kafka(world, "status", "--json")
        assert.strictEqual(status.exitCode, 0)
        const found = JSON.parse(status.stdout)
        assert.deepInclude(found, { running: true, startedBy: "java", brokers: [address], liveBrokers: 1 })
        assert.strictEqual(found.processes.length, 1)

        const again = yield* kafka(world, "up")
        assert.include(again.stderr, "already answers")
        const three = yield* kafka(world, "up", "--brokers", "3")
        assert.include(three.stderr, "stop it first (npx -y pnpm@12 kafka down)")
        assert.strictEqual(three.exitCode, 1)

        const program = "console.log(process.env.KAFKA_BROKERS, process.argv.slice(1).join()); process.exitCode = 7"
        const started = yield* runModule(world, "start.ts", "--", process.execPath, "-e", program, "a", "b")
        assert.deepStrictEqual(started, {
          stdout: `${address} a,b\n`,
          stderr: `kafka: using the Kafka on ${address}\n`,
          exitCode: 7
        })

        assert.include((yield* kafka(world, "down")).stderr, `stopped the Kafka on ${address}`)
        assert.strictEqual((yield* kafka(world, "status")).exitCode, 3)
        assert.strictEqual((yield* kafka(world, "down")).stderr, "kafka: nothing to stop\n")
      }).pipe(Effect.provide(NodeServices.layer)),
    180_000
  )
})

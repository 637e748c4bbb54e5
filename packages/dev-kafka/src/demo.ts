/**
 * `pnpm demo`: the responder and the requester over a real Kafka, in one terminal, from nothing to an exit code.
 *
 * Uses the Kafka that `Resolution` finds; one that it has to start is stopped afterwards. `--memory` runs both in one
 * process without a Kafka. Exit code: the requester's.
 */
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { demoBrokers } from "./internal/demoBrokers.ts"
import { runProgram } from "./internal/runProgram.ts"
import { runRequester, startResponder } from "./internal/demoPrograms.ts"

class RequesterFailed extends Schema.TaggedError<RequesterFailed>()("RequesterFailed", { exitCode: Schema.Int }) {
  override get [Runtime.errorExitCode]() {
    return this.exitCode
  }
}

const overMemory = runRequester(["run", "--memory"], {})

const overKafka = Effect.gen(function* () {
  const brokers = yield* demoBrokers
  const environment = { KAFKA_BROKERS: brokers.join(",") }
  yield* startResponder(environment)
  return yield* runRequester(["run"], environment)
})

const demo = Command.make(
  "demo",
  { memory: Flag.Boolean("memory").pipe(Flag.withDefault(false), Flag.withDescription("One process, no Kafka")) },
  Effect.fnUntraced(function* ({ memory }) {
    const from = yield* Clock.currentTimeMillis
    const exitCode = yield* Effect.scoped(memory ? overMemory : overKafka)
    const seconds = ((yield* Clock.currentTimeMillis) - from) / 1000
    yield* Console.log(`demo: ${seconds.toFixed(1)} s in all, exit code ${exitCode}`)
    if (exitCode !== 0) return yield* new RequesterFailed({ exitCode })
  })
).pipe(Command.withDescription("Run the responder and the requester with the bundled orders over a real Kafka"))

runProgram("demo", demo.pipe(Command.run({ version: "0.1.0" }), Effect.provide(NodeServices.layer)))

/**
 * `pnpm kafka up | down | status | ensure`: the dev broker by hand.
 *
 * Results go to standard output, what is being done to standard error. Exit codes: 0 done; 1 it could not be done, with
 * one message; 2 wrong usage; 3 from `status` when no Kafka answers.
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as DevBroker from "./DevBroker.ts"
import * as Ensure from "./Ensure.ts"
import { toStandardError } from "./internal/say.ts"
import { runProgram } from "./internal/runProgram.ts"
import * as Status from "./Status.ts"

/** `status` found no Kafka: told by the exit code, as its lines are already out. */
class NoKafka extends Schema.TaggedError<NoKafka>()("NoKafka", {}) {
  override readonly [Runtime.errorExitCode] = 3
}

const up = Command.make(
  "up",
  {
    brokers: Flag.Literals("brokers", ["1", "3"]).pipe(
      Flag.withDefault("1"),
      Flag.withDescription("How many brokers; three listen on the port and the two after it")
    )
  },
  Effect.fnUntraced(function* ({ brokers }) {
    const addresses = yield* DevBroker.up(brokers === "3" ? 3 : 1, toStandardError)
    yield* Console.log(addresses.join(","))
  })
).pipe(Command.withDescription("Start Kafka and leave it running; does nothing if one answers already"))

const down = Command.make(
  "down",
  { clean: Flag.Boolean("clean").pipe(Flag.withDefault(false), Flag.withDescription("Remove its data too")) },
  ({ clean }) => DevBroker.down(clean, toStandardError)
).pipe(Command.withDescription("Stop what `up` started, and nothing else"))

const status = Command.make(
  "status",
  { json: Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("One line of JSON")) },
  Effect.fnUntraced(function* ({ json }) {
    const found = yield* Status.status
    yield* Console.log(json ? JSON.stringify(found) : Status.describe(found))
    if (!found.running) return yield* new NoKafka()
  })
).pipe(Command.withDescription("Tell which Kafka there is; exit code 3 if none answers"))

const ensure = Command.make("ensure", {}, () =>
  Effect.flatMap(Ensure.ensure(), (brokers) => Console.log(brokers.join(",")))
).pipe(Command.withDescription("Find a Kafka or start one, and print its addresses"))

const cli = Command.make("kafka").pipe(
  Command.withDescription(
    "A real Kafka for development: KAFKA_BROKERS, localhost:9092, Docker, or Java, in this order"
  ),
  Command.withSubcommands([up, down, status, ensure])
)

runProgram("kafka", cli.pipe(Command.run({ version: "0.1.0" }), Effect.provide(NodeServices.layer)))

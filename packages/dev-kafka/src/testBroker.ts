/**
 * Vitest's global set-up: starts the shared broker when an integration test is about to run and hands its address to
 * the tests (`SharedBroker`). With `KAFKA_TEST_BROKERS` set, that Kafka is used and nothing is started.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as NodeServices from "@effect/platform-node/NodeServices"
import type { TestProject } from "vitest/node"
import type { KafkaBrokers } from "./internal/providedContext.ts"
import { KafkaCluster } from "./KafkaCluster.ts"

const given = Config.option(Config.Array(Schema.NonEmptyString, "KAFKA_TEST_BROKERS"))

const needsBroker = (project: TestProject): boolean =>
  project.vitest.state.getPaths().some((path) => path.endsWith(".integration.test.ts"))

/** Called by vitest once per run; the result is called at its end. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (!needsBroker(project)) {
    const none: KafkaBrokers = undefined
    project.provide("kafkaBrokers", none)
    return undefined
  }
  const scope = Scope.makeUnsafe()
  const brokers = Effect.gen(function* () {
    const chosen = yield* given
    return Option.isSome(chosen) ? chosen.value : (yield* KafkaCluster.make({ brokers: 1 })).brokers
  })
  project.provide(
    "kafkaBrokers",
    await Effect.runPromise(brokers.pipe(Scope.provide(scope), Effect.provide(NodeServices.layer)))
  )
  return () => Effect.runPromise(Scope.close(scope, Exit.void))
}

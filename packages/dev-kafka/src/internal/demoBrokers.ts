/**
 * The Kafka of a demo: the one that is there, or one that lives as long as the scope.
 */
import * as Effect from "effect/Effect"
import * as DevBroker from "../DevBroker.ts"
import { existing, resolve } from "../Ensure.ts"
import { startBrokers } from "./startBrokers.ts"
import { toStandardError as say } from "./say.ts"

const temporary = Effect.gen(function* () {
  yield* say("starting Apache Kafka with Java for this demo")
  const brokers = yield* startBrokers({
    brokers: 1,
    ports: undefined,
    dataDir: undefined,
    settings: {},
    jvmOptions: ["-XX:TieredStopAtLevel=1"],
    archive: "use",
    watched: true,
    say
  })
  return brokers.map((broker) => broker.address)
})

const container = Effect.acquireRelease(DevBroker.startDocker(say), () => Effect.orDie(DevBroker.down(false, say)), {
  interruptible: true
})

export const demoBrokers = Effect.gen(function* () {
  const way = yield* resolve
  return (yield* existing(way, say)) ?? (yield* way._tag === "Docker" ? container : temporary)
})

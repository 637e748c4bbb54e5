/**
 * Makes sure that a Kafka is available: uses a running one or starts one, in the order of `Resolution`.
 */
import * as Effect from "effect/Effect"
import { because, NoWay, PortTaken } from "./DevKafkaError.ts"
import { devSettings, localAddress } from "./DevSettings.ts"
import { devLock, localKafka, startDocker, startJava } from "./DevBroker.ts"
import { dockerAnswers } from "./Docker.ts"
import { type Say, toStandardError } from "./internal/say.ts"
import { findJava } from "./Java.ts"
import { mavenOrJars } from "./KafkaLibrary.ts"
import { type Known, nextStep, type Way } from "./Resolution.ts"

const java = Effect.andThen(findJava, mavenOrJars).pipe(
  Effect.as({ usable: true as const }),
  Effect.catchTag("DevKafkaError", (error) => Effect.succeed({ usable: false as const, problem: error.message }))
)

const answer = Effect.fnUntraced(function* (about: keyof Known) {
  switch (about) {
    case "configured":
      return { configured: (yield* devSettings).configured }
    case "local":
      return { local: yield* localKafka }
    case "docker":
      return { docker: yield* dockerAnswers }
    case "java":
      return { java: yield* java }
  }
})

/** Asks what matters and decides; starts nothing. */
export const resolve = Effect.gen(function* () {
  let known: Known = {}
  while (true) {
    const step = nextStep(known)
    if (step._tag === "Take") return step.way
    known = { ...known, ...(yield* answer(step.about)) }
  }
})

/** The brokers of a way that starts nothing; undefined for the others; fails where no way leads on. */
export const existing = Effect.fnUntraced(function* (way: Way, say: Say) {
  const settings = yield* devSettings
  const address = localAddress(settings)
  switch (way._tag) {
    case "Configured":
      yield* say(`using ${way.brokers.join(", ")} (KAFKA_BROKERS)`)
      return way.brokers
    case "Local":
      yield* say(`using the Kafka on ${address}`)
      return [address]
    case "Taken":
      return yield* because(new PortTaken({ ports: [settings.port] }))
    case "None":
      return yield* because(new NoWay({ address, java: way.problem }))
    default:
      return undefined
  }
})

const start = Effect.fnUntraced(function* (say: Say) {
  yield* devLock(say)
  // The previous holder of the lock may just have started one.
  const way = yield* resolve
  return (yield* existing(way, say)) ?? (way._tag === "Docker" ? yield* startDocker(say) : yield* startJava(1, say))
}, Effect.scoped)

/** The bootstrap list of a Kafka that answers, started if need be; says on standard error which one it took. */
export const ensure = Effect.fnUntraced(function* (say: Say = toStandardError) {
  const way = yield* resolve
  return way._tag === "Docker" || way._tag === "Java" ? yield* start(say) : ((yield* existing(way, say)) ?? [])
})

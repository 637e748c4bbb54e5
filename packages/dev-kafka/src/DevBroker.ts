/**
 * The dev broker: a Kafka on `localhost:9092` that outlives the program that started it, until somebody stops it.
 *
 * A lock lets one process at a time start or stop it; a state file beside it says what was started. Both belong to one port.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import { because, fromSystem, PortTaken, RunsOtherwise } from "./DevKafkaError.ts"
import { brokerFolder, devSettings, localAddress } from "./DevSettings.ts"
import { dockerAnswers, dockerDown, dockerUp } from "./Docker.ts"
import { removeState, readState, writeState } from "./internal/devState.ts"
import { endProcess, isAlive } from "./internal/foreignProcess.ts"
import { processLock } from "./internal/processLock.ts"
import type { Say } from "./internal/say.ts"
import { startBrokers } from "./internal/startBrokers.ts"
import { waitFor } from "./internal/waitFor.ts"
import { kafkaVersion } from "./KafkaLibrary.ts"
import { probe } from "./KafkaProbe.ts"

// A slow Kafka on a busy machine must not be taken for another program that does not answer.
const localPatience = "5 seconds"

/** What is on the dev broker's port: a Kafka, nothing, or something else. */
export const localKafka = Effect.gen(function* () {
  const answer = yield* Effect.result(probe(localAddress(yield* devSettings), localPatience))
  if (answer._tag === "Success") return "kafka" as const
  return answer.failure.kind === "refused" ? ("free" as const) : ("taken" as const)
})

/** Takes the lock for starting and stopping until the scope closes. */
export const devLock = Effect.fnUntraced(function* (say: Say) {
  const fs = yield* FileSystem.FileSystem
  const folder = brokerFolder(yield* devSettings)
  yield* fs.makeDirectory(folder, { recursive: true }).pipe(Effect.mapError(fromSystem(folder)))
  yield* processLock(`${folder}/lock`, say("waiting for another process that starts or stops Kafka"))
})

const timed = <A, E, R>(say: Say, what: string, effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const from = yield* Clock.currentTimeMillis
    const result = yield* effect
    yield* say(`${what} after ${(((yield* Clock.currentTimeMillis) - from) / 1000).toFixed(1)} s`)
    return result
  })

/** Starts the container and waits until its broker answers. */
export const startDocker = Effect.fnUntraced(function* (say: Say) {
  const settings = yield* devSettings
  const address = localAddress(settings)
  const folder = brokerFolder(settings)
  yield* say(`starting Kafka on ${address} with Docker (docker compose up --wait kafka)`)
  yield* writeState(folder, {
    startedBy: "docker",
    version: yield* kafkaVersion,
    brokers: [address],
    processes: []
  })
  const answers = waitFor(Effect.asVoid(probe(address)), 60, () =>
    Effect.fail(because(new PortTaken({ ports: [settings.port] })))
  )
  yield* timed(say, "ready", Effect.andThen(dockerUp, answers)).pipe(
    Effect.onError(() => Effect.ignore(Effect.andThen(dockerDown, removeState(folder))))
  )
  return [address]
})

/** Starts brokers of Maven Central's jars in a session of their own and waits until they answer. */
export const startJava = Effect.fnUntraced(function* (brokers: 1 | 3, say: Say) {
  const settings = yield* devSettings
  const { port } = settings
  const folder = brokerFolder(settings)
  const version = yield* kafkaVersion
  const ports = Array.from({ length: brokers }, (_, id) => port + id)
  const addresses = ports.map((each) => localAddress({ port: each }))
  const dataDir = `${folder}/data-${brokers}`
  const start = Effect.gen(function* () {
    const started = yield* startBrokers({
      brokers,
      ports,
      dataDir,
      settings: {},
      jvmOptions: [],
      archive: "use",
      watched: false,
      say
    })
    const hand = Effect.gen(function* () {
      const processes = yield* Effect.forEach(started, (broker) =>
        Effect.map(broker.detach, (pid) => ({ pid, mark: `${dataDir}/broker-${broker.id}/` }))
      )
      yield* writeState(folder, { startedBy: "java", version, brokers: addresses, processes }).pipe(
        Effect.onError(() => Effect.forEach(processes, endProcess))
      )
    })
    // An interruption between the two steps would leave brokers that no state file names.
    yield* Effect.uninterruptible(hand)
  })
  yield* say(`starting Apache Kafka ${version} on ${addresses.join(", ")} with Java`)
  yield* timed(say, "ready", Effect.scoped(start))
  return addresses
})

/**
 * Starts the dev broker unless one runs already, and gives its addresses. One broker comes from Docker where an engine
 * answers and from Java otherwise; three come from Java.
 */
export const up = Effect.fnUntraced(function* (brokers: 1 | 3, say: Say) {
  yield* devLock(say)
  const settings = yield* devSettings
  const { port } = settings
  const local = yield* localKafka
  if (local === "taken") return yield* because(new PortTaken({ ports: [port] }))
  if (local === "kafka") {
    const running = Option.getOrUndefined(yield* readState(brokerFolder(settings)))?.brokers ?? [localAddress(settings)]
    if (running.length !== brokers) {
      const detail = `a Kafka of ${running.length} broker(s) already answers on ${running.join(", ")}; stop it first (npx -y pnpm@12 kafka down)`
      return yield* because(new RunsOtherwise({ detail }))
    }
    yield* say(`Kafka already answers on ${running.join(", ")}`)
    return running
  }
  return brokers === 1 && (yield* dockerAnswers) ? yield* startDocker(say) : yield* startJava(brokers, say)
}, Effect.scoped)

/** The ids of the processes that `up` started and that still run. */
export const liveProcesses = Effect.gen(function* () {
  const state = yield* readState(brokerFolder(yield* devSettings))
  const known = Option.isSome(state) ? state.value.processes : []
  return (yield* Effect.filter(known, isAlive)).map((process) => process.pid)
})

/** Stops what `up` started and nothing else. With `clean`, removes its data too. */
export const down = Effect.fnUntraced(function* (clean: boolean, say: Say) {
  yield* devLock(say)
  const fs = yield* FileSystem.FileSystem
  const folder = brokerFolder(yield* devSettings)
  const state = yield* readState(folder)
  if (Option.isSome(state)) {
    const { brokers, processes, startedBy } = state.value
    const ran = startedBy === "docker" || (yield* liveProcesses).length > 0
    if (startedBy === "docker") yield* dockerDown
    yield* Effect.forEach(processes, endProcess, { concurrency: "unbounded", discard: true })
    yield* removeState(folder)
    yield* say(`${ran ? "stopped the Kafka" : "there is no Kafka any more"} on ${brokers.join(", ")}`)
  } else if ((yield* localKafka) === "kafka") {
    yield* say(`the Kafka on ${localAddress(yield* devSettings)} was not started from here; left alone`)
  } else {
    yield* say("nothing to stop")
  }
  if (!clean) return
  for (const data of [`${folder}/data-1`, `${folder}/data-3`]) {
    yield* fs.remove(data, { recursive: true, force: true }).pipe(Effect.mapError(fromSystem(data)))
  }
  yield* say("removed its data")
}, Effect.scoped)

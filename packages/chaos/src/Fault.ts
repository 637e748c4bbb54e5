/**
 * What can be done to a cluster and to programs, each from its beginning to its end.
 */
import type { KafkaCluster } from "@kafka-request-reply/dev-kafka/KafkaCluster"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { Journal } from "./Journal.ts"
import type { Responders } from "./Processes.ts"

export interface Target {
  readonly cluster: KafkaCluster["Service"]
  readonly responders: Responders
  readonly journal: Journal
}

export interface Fault {
  readonly name: string
  /** Does it, waits until it is over, and writes it down. */
  readonly inflict: (target: Target) => Effect.Effect<void, unknown>
}

const brokerCount = 3

/** Runs an effect as a fault, written down from its beginning to its end. */
const recorded = <E>(
  { journal }: Target,
  fault: string,
  target: string,
  effect: Effect.Effect<unknown, E>
): Effect.Effect<void, E> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const at = clock.currentTimeMillisUnsafe()
    yield* effect
    journal.write({ type: "fault", at, until: clock.currentTimeMillisUnsafe(), fault, target })
  })

const anyBroker = Effect.map(Random.nextIntBetween(0, brokerCount - 1), (id) => id)

const anyResponder = ({ responders }: Target) =>
  Effect.map(Random.nextIntBetween(0, responders.all.length - 1), (index) => responders.all[index]!)

const onBroker = (
  name: string,
  act: (broker: ReturnType<KafkaCluster["Service"]["broker"]>) => Effect.Effect<unknown, unknown>
): Fault => ({
  name,
  inflict: (target) =>
    Effect.flatMap(anyBroker, (id) => recorded(target, name, `broker-${id}`, act(target.cluster.broker(id))))
})

const onResponder = (
  name: string,
  act: (target: Target, program: Responders["all"][number]) => Effect.Effect<unknown, unknown>
): Fault => ({
  name,
  inflict: (target) =>
    Effect.flatMap(anyResponder(target), (program) => recorded(target, name, program.name, act(target, program)))
})

const holds = (seconds: number) => Effect.sleep(`${seconds} seconds`)

export const faults: ReadonlyArray<Fault> = [
  onBroker("broker killed", (broker) => Effect.andThen(broker.kill, Effect.andThen(holds(6), broker.start))),
  onBroker("broker frozen", (broker) => Effect.andThen(broker.pause, Effect.andThen(holds(12), broker.resume))),
  onBroker("broker restarted", (broker) => Effect.andThen(broker.stop, broker.start)),
  {
    name: "brokers restarted one by one",
    inflict: (target) =>
      recorded(
        target,
        "brokers restarted one by one",
        "brokers",
        Effect.forEach([0, 1, 2], (id) => {
          const broker = target.cluster.broker(id)
          return Effect.andThen(broker.stop, Effect.andThen(broker.start, holds(2)))
        })
      )
  },
  {
    name: "all brokers down",
    inflict: (target) =>
      recorded(
        target,
        "all brokers down",
        "brokers",
        Effect.gen(function* () {
          const brokers = [0, 1, 2].map((id) => target.cluster.broker(id))
          yield* Effect.forEach(brokers, (broker) => broker.kill, { concurrency: "unbounded" })
          yield* holds(5)
          yield* Effect.forEach(brokers, (broker) => broker.start, { concurrency: "unbounded" })
        })
      )
  },
  onResponder("responder killed", ({ responders }, program) => responders.replace(program, "SIGKILL")),
  onResponder("responder stopped", ({ responders }, program) => responders.replace(program, "SIGTERM")),
  onResponder("responder frozen", (_, program) =>
    Effect.andThen(program.signal("SIGSTOP"), Effect.andThen(holds(15), program.signal("SIGCONT")))
  ),
  onResponder("event loop blocked", (_, program) => Effect.andThen(program.signal("SIGUSR2"), holds(8))),
  {
    name: "responders replaced one by one",
    inflict: (target) =>
      recorded(
        target,
        "responder stopped",
        "responders",
        Effect.forEach([...target.responders.all], (program) =>
          Effect.andThen(target.responders.replace(program, "SIGTERM"), holds(2))
        )
      )
  }
]

/**
 * One chaos run: a cluster of three, responders and requesters as processes, faults drawn by the seed one after the other,
 * and an audit of what everybody wrote down.
 */
import { KafkaCluster } from "@kafka-request-reply/dev-kafka/KafkaCluster"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import { audit } from "./audit/Audit.ts"
import { faults } from "./Fault.ts"
import { Journal, readAll } from "./Journal.ts"
import * as Processes from "./Processes.ts"

export interface Plan {
  readonly seconds: number
  readonly seed: number
  readonly folder: string
  /** Names of faults to draw from; all when empty. */
  readonly only: ReadonlyArray<string>
  readonly callsPerSecond: number
}

const settings = { "min.insync.replicas": "2" }

/** A healthy start, and time for everything to end well after the last fault. */
const calmMillis = { before: 8_000, after: 15_000 }

/** Faults until it is time to calm down. */
const inflict = Effect.fnUntraced(function* (
  plan: Plan,
  target: Parameters<(typeof faults)[number]["inflict"]>[0],
  say: (text: string) => Effect.Effect<void>
) {
  const clock = yield* Clock.Clock
  const drawn = faults.filter(({ name }) => plan.only.length === 0 || plan.only.some((word) => name.includes(word)))
  yield* Effect.sleep(calmMillis.before)
  const endsAt = clock.currentTimeMillisUnsafe() + plan.seconds * 1_000 - calmMillis.before - calmMillis.after
  while (clock.currentTimeMillisUnsafe() < endsAt) {
    const fault = drawn[yield* Random.nextIntBetween(0, drawn.length - 1)]!
    yield* say(fault.name)
    yield* fault.inflict(target)
    yield* Effect.sleep((yield* Random.nextIntBetween(2, 6)) * 1_000)
  }
})

export const run = Effect.fnUntraced(function* (plan: Plan, say: (text: string) => Effect.Effect<void>) {
  const cluster = yield* KafkaCluster.make({ brokers: 3, settings })
  const environment = { brokers: cluster.brokers.join(","), folder: plan.folder }
  const programs = yield* Scope.make()
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const responders = new Processes.Responders(environment, programs, spawner)
  yield* Effect.forEach([1, 2, 3], () => responders.add())
  const args = [String(plan.callsPerSecond / 2), String(plan.seconds)]
  const requesters = yield* Effect.forEach(["requester-1", "requester-2"], (name) =>
    Processes.start(environment, "requester", name, args).pipe(Scope.provide(programs))
  )
  const journal = new Journal(plan.folder, "faults")
  yield* inflict(plan, { cluster, responders, journal }, say).pipe(Random.withSeed(plan.seed))
  yield* say("no more faults: waiting for the last calls")
  const endedWell = yield* Effect.forEach(requesters, (program) => program.ended)
  yield* Processes.closing(programs)
  const result = audit(readAll(plan.folder))
  const unwell = requesters.filter((_, index) => endedWell[index] === false)
  return {
    ...result,
    violations: [
      ...result.violations,
      ...unwell.map(({ name }) => ({ rule: "program", detail: `${name} failed; see ${name}.log` }))
    ]
  }
}, Effect.scoped)

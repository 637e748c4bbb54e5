/** A topic with faults, and what came of what was published to it. */
import { it } from "@effect/vitest"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import type * as Fault from "../../src/testing/Fault.ts"
import * as FaultyTransport from "../../src/testing/FaultyTransport.ts"
import { MemoryBroker } from "../../src/memory/MemoryBroker.ts"
import { Transport } from "../../src/kafka/Transport.ts"
import { publisherOverLink, record, valuesOf } from "../suites/transport/fixtures.ts"

export const topic = "topic"

/** Runs over a transport whose topic has two partitions, with three leaders. */
export const faulty = <E>(
  name: string,
  body: Effect.Effect<void, E, Transport | MemoryBroker | FaultyTransport.Faults | Scope.Scope>
): void =>
  it.effect(name, () =>
    Effect.gen(function* () {
      const { topics } = yield* Transport
      yield* topics.create({ name: topic, partitions: 2, replicationFactor: 1, configs: {} })
      yield* body
    }).pipe(Effect.provide(FaultyTransport.layer({ leaders: 3 })))
  )

export const publish = Effect.fnUntraced(function* (value: string, partition = 0, timeoutMillis?: number) {
  const publisher = yield* publisherOverLink
  return yield* Effect.forkChild(Effect.exit(publisher.publish(record(topic, partition, value), timeoutMillis)), {
    startImmediately: true
  })
})

export const turn = Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))
export const turns = Effect.asVoid(Effect.repeat(turn, { times: 20 }))
export const advance = (by: Duration.Input) => Effect.andThen(turns, Effect.andThen(TestClock.adjust(by), turns))

/** What is in the log, and whether the publisher was told that it is. */
export const outcomeOf = Effect.fnUntraced(function* (fiber: Fiber.Fiber<{ readonly _tag: string }>) {
  const broker = yield* MemoryBroker
  return [valuesOf(broker.records(topic)), fiber.pollUnsafe() === undefined ? "waits" : (yield* Fiber.join(fiber))._tag]
})

export const inject = (fault: Fault.Fault, match: Fault.Match = { topic }, times?: number) =>
  Effect.flatMap(FaultyTransport.Faults, (faults) => faults.inject(fault, match, times))

/**
 * With its faults off the simulated cluster obeys the laws that a real one obeys.
 */
import { make as makeBroker } from "@kafka-request-reply/core/MemoryBroker"
import { Transport } from "@kafka-request-reply/core/Transport"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { transportSuite } from "../../../core/test/suites/TransportSuite.ts"
import { Cluster } from "../../src/cluster/Cluster.ts"
import * as ClusterTransport from "../../src/cluster/ClusterTransport.ts"
import { RecordFaults } from "../../src/cluster/RecordFault.ts"
import * as RandomStream from "../../src/kernel/RandomStream.ts"
import type { Timers } from "../../src/kernel/VirtualClock.ts"

/** The cluster's timers on the clock of the tests, which is the real one. */
const timersOn = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const run = Effect.runForkWith(yield* Effect.context<never>())
  const timers: Timers = {
    now: () => clock.currentTimeMillisUnsafe(),
    after: (millis, task) => {
      const fiber = run(Effect.andThen(Effect.sleep(millis), Effect.sync(task)))
      return () => fiber.interruptUnsafe()
    }
  }
  return timers
})

const transport = Layer.effect(
  Transport,
  Effect.gen(function* () {
    const random = RandomStream.make(1, "network")
    const cluster = new Cluster({
      broker: yield* makeBroker,
      timers: yield* timersOn,
      randomOf: () => random,
      faults: new RecordFaults([]),
      leaders: 3,
      sessionTimeoutMillis: 3_000,
      heartbeatMillis: 50,
      onEvent: () => {}
    })
    return ClusterTransport.make(cluster, { name: "suite", random, isAlive: () => true, run: (task) => task() })
  })
)

transportSuite("the simulated cluster", transport)

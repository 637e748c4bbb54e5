/**
 * P7: hedges beside attempts that Kafka holds up.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { because, Unavailable } from "../../../../src/kafka/TransportError.ts"
import { partitionOf } from "../../../../src/protocol/partitioner.ts"
import * as Requester from "../../../../src/requester/Requester.ts"
import * as Fault from "../../../../src/testing/Fault.ts"
import { Faults } from "../../../../src/testing/FaultyTransport.ts"
import { requestErrorOf } from "../failures.ts"
import { advance } from "../Harness.ts"
import { pair } from "../programs.ts"
import { namesOf, requestIn, watch } from "../topics.ts"
import type { FaultLaw } from "./FaultLaw.ts"

const fewReplicas = because(new Unavailable({ code: "NOT_ENOUGH_REPLICAS", detail: "an injected fault" }))
const key = "key"
const partition = partitionOf(Buffer.from(key), 3)

export const hedgingFaultLaws = (law: FaultLaw): void => {
  law(
    "P7/hedging: a call whose partition cannot be written to is answered through another one after the delay",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { contract, client } = yield* pair({ Look: ({ id }) => Effect.succeed(`seen ${id}`) })
      const sent = yield* watch(namesOf(contract).requests)
      yield* faults.inject(Fault.failBefore(fewReplicas), { topic: namesOf(contract).requests, partition }, 1_000)
      const call = yield* Effect.forkChild(client.Look({ id: "1" }).pipe(Requester.withRoutingKey(key)), {
        startImmediately: true
      })
      yield* advance("299 millis")
      assert.isUndefined(call.pollUnsafe())
      yield* advance("1 millis")
      assert.strictEqual(yield* Fiber.join(call), "seen 1")
      // What waited for its partition is not sent any more.
      yield* advance("2 seconds")
      assert.deepStrictEqual(
        sent.map((record) => requestIn(record).attempt),
        [2]
      )
    })
  )

  law(
    "P7/hedging: with no partition that can be written to there is no hedge, and the call was certainly not sent",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { contract, client } = yield* pair({})
      yield* faults.inject(Fault.failBefore(fewReplicas), { topic: namesOf(contract).requests }, 10_000)
      const call = yield* Effect.forkChild(requestErrorOf(client.Look({ id: "1" })), { startImmediately: true })
      yield* advance("6 seconds")
      const error = yield* Fiber.join(call)
      assert(error.reason._tag === "Timeout")
      assert.isTrue(error.isCertainlyNotExecuted)
    })
  )
}

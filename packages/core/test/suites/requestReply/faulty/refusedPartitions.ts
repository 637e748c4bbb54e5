/**
 * P4, P8, P11 when Kafka refuses single partitions, or cannot be reached: who feels it, and what is said of it.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { because, Refused, Unavailable } from "../../../../src/kafka/TransportError.ts"
import { partitionOf } from "../../../../src/protocol/partitioner.ts"
import * as Requester from "../../../../src/requester/Requester.ts"
import * as Fault from "../../../../src/testing/Fault.ts"
import { Faults } from "../../../../src/testing/FaultyTransport.ts"
import { requestErrorOf } from "../failures.ts"
import { advance } from "../Harness.ts"
import { connect, pair } from "../programs.ts"
import { namesOf } from "../topics.ts"
import type { FaultLaw } from "./FaultLaw.ts"

const fewReplicas = because(new Unavailable({ code: "NOT_ENOUGH_REPLICAS", detail: "an injected fault" }))
const partitions = 3

/** A key whose requests go to this partition. */
const keyTo = (partition: number): string => {
  for (let i = 0; ; i++) if (partitionOf(Buffer.from(`k${i}`), partitions) === partition) return `k${i}`
}

/** Begins an effect, and lets everything happen that needs no time. */
const begin = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.tap(Effect.forkChild(effect, { startImmediately: true }), () => advance(0))

export const refusedPartitionLaws = (law: FaultLaw): void => {
  law(
    "P11/partition: a refused request partition slows no call to another partition of the same leader",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { contract, client } = yield* pair({ Work: ({ id }) => Effect.succeed(`done ${id}`) })
      const { requests } = namesOf(contract)
      const injection = yield* faults.inject(Fault.failBefore(fewReplicas), { topic: requests, partition: 0 }, 1_000)
      const stuck = yield* begin(client.Work({ id: "stuck" }).pipe(Requester.withRoutingKey(keyTo(0))))
      for (let i = 0; i < 20; i++) {
        const healthy = yield* begin(client.Work({ id: `${i}` }).pipe(Requester.withRoutingKey(keyTo(1))))
        assert.deepStrictEqual(healthy.pollUnsafe(), Exit.succeed(`done ${i}`))
      }
      assert.isUndefined(stuck.pollUnsafe())
      yield* injection.remove
      yield* advance("400 millis")
      assert.strictEqual(yield* Fiber.join(stuck), "done stuck")
    })
  )

  law(
    "P11/partition: a requester whose replies are refused slows no reply to another one",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { contract, client } = yield* pair(
        { Work: ({ id }) => Effect.succeed(`done ${id}`) },
        { requester: { replyPartition: 0 } }
      )
      const other = yield* connect(contract, { replyPartition: 1 })
      const { replies } = namesOf(contract)
      yield* faults.inject(Fault.failBefore(fewReplicas), { topic: replies, partition: 0 }, 1_000)
      const stuck = yield* begin(client.Work({ id: "stuck" }).pipe(Effect.exit))
      for (let i = 0; i < 20; i++) {
        const healthy = yield* begin(other.client.Work({ id: `${i}` }))
        assert.deepStrictEqual(healthy.pollUnsafe(), Exit.succeed(`done ${i}`))
      }
      assert.isUndefined(stuck.pollUnsafe())
      yield* advance("6 seconds")
    })
  )

  law(
    "P4/send: a request that Kafka refused before the append until its time was up was certainly not sent",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { contract, client } = yield* pair({})
      yield* faults.inject(Fault.failBefore(fewReplicas), { topic: namesOf(contract).requests }, 1_000)
      const call = yield* begin(requestErrorOf(client.Work({ id: "1" })))
      yield* advance("6 seconds")
      const error = yield* Fiber.join(call)
      assert(error.reason._tag === "Timeout")
      assert.strictEqual(error.reason.delivery, "not-sent")
      assert.isTrue(error.isCertainlyNotExecuted)
      assert.include(error.message, "NOT_ENOUGH_REPLICAS")
    })
  )

  law(
    "P4/send: a request whose broker refused the connection was certainly not sent, and who does not wait is told at once",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { client } = yield* pair({})
      yield* faults.cut(0)
      const call = yield* begin(requestErrorOf(client.Work({ id: "1" })))
      const impatient = yield* begin(requestErrorOf(client.Work({ id: "2" }).pipe(Requester.withWaitForReady(false))))
      const told = yield* Fiber.join(impatient)
      assert.strictEqual(told.reason._tag, "NotSent")
      assert.isTrue(told.isCertainlyNotExecuted)
      yield* advance("6 seconds")
      const error = yield* Fiber.join(call)
      assert(error.reason._tag === "Timeout")
      assert.strictEqual(error.reason.delivery, "not-sent")
      assert.isTrue(error.isCertainlyNotExecuted)
    })
  )

  law(
    "P8/send: a caller whose callback throws when its request is refused keeps no later call of its key from leaving",
    Effect.gen(function* () {
      const faults = yield* Faults
      const { contract, client } = yield* pair({ Work: ({ id }) => Effect.succeed(`done ${id}`) })
      const call = (id: string) => client.Work({ id }).pipe(Requester.withRoutingKey("k"))
      const refused = because(new Refused({ code: "POLICY_VIOLATION", detail: "an injected fault" }))
      yield* faults.inject(Fault.failBefore(refused), { topic: namesOf(contract).requests })
      const first = yield* Effect.forkChild(Effect.exit(call("1")), { startImmediately: true })
      first.addObserver(() => {
        throw new Error("a bug in a caller")
      })
      yield* advance(0)
      const later = yield* begin(call("2"))
      assert.deepStrictEqual(later.pollUnsafe(), Exit.succeed("done 2"))
    })
  )
}

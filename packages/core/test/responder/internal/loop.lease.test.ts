import { assert, describe } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { Transport } from "../../../src/kafka/Transport.ts"
import { advance } from "../../suites/requestReply/Harness.ts"
import { connect, newBench, serve } from "../../suites/requestReply/programs.ts"
import { begin, overMemory } from "../stuck.ts"

/** The transport, whose memberships lapse at a time that the test sets. */
const lapsing = (lease: { until: number }) =>
  Layer.effect(
    Transport,
    Effect.map(Transport, (transport) =>
      Transport.of({
        ...transport,
        joinGroup: (join) =>
          Effect.map(transport.joinGroup(join), (member) => ({ ...member, leaseUntil: () => lease.until }))
      })
    )
  )

describe("a responder whose membership has lapsed", () => {
  overMemory(
    "P6/lease: starts nothing that waits before the membership is sure again",
    Effect.gen(function* () {
      const bench = newBench()
      const lease = { until: Number.POSITIVE_INFINITY }
      const gate = yield* Deferred.make<void>()
      const started: Array<string> = []
      const Work = ({ id }: { readonly id: string }) =>
        Effect.as(
          Effect.andThen(
            Effect.sync(() => started.push(id)),
            Deferred.await(gate)
          ),
          id
        )
      const transport = yield* Layer.build(lapsing(lease))
      yield* Effect.provide(serve(bench, { Work }, { concurrency: 1, drainTimeout: 0 }), transport)
      const { client } = yield* connect(bench)
      yield* begin(client.Work({ id: "1" }))
      yield* advance("10 millis")
      const second = yield* begin(client.Work({ id: "2" }))
      yield* advance("10 millis")
      assert.deepStrictEqual(started, ["1"])
      lease.until = Number.NEGATIVE_INFINITY
      yield* Deferred.succeed(gate, undefined)
      yield* advance("1 second")
      assert.deepStrictEqual(started, ["1"])
      lease.until = Number.POSITIVE_INFINITY
      yield* advance("1 second")
      assert.deepStrictEqual(started, ["1", "2"])
      yield* Fiber.join(second)
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { because, NoSuchPartition, Unreachable } from "../../../src/kafka/TransportError.ts"
import * as RequestEnvelope from "../../../src/wire/RequestEnvelope.ts"
import * as Result from "effect/Result"
import * as Engine from "../ScriptedCalls.ts"

const unreachable = because(new Unreachable({ brokers: [], detail: "" }))
const gone = because(new NoSuchPartition({ topic: "stock.requests", partition: 0, partitions: 1 }))

const sent = ({ offered }: Engine.ScriptedPublisher) =>
  offered.map(({ headers, partition }) => [
    partition,
    Result.getOrThrow(RequestEnvelope.decode(headers as never) as never as Result.Result<{ attempt: number }, unknown>)
      .attempt
  ])

describe("an attempt that was not written", () => {
  it.effect("goes elsewhere as the same attempt when it has no key, and waits when there is nowhere else", () =>
    Effect.gen(function* () {
      const { call, publisher, refuse, reply } = yield* Engine.make()
      const fiber = yield* call({ operation: "Take" })
      assert.isFalse(publisher.offered[0]!.waits)
      yield* refuse(0, unreachable)
      assert.deepStrictEqual(sent(publisher), [
        [0, 1],
        [1, 1]
      ])
      reply(1, { attempt: 1 }, "done")
      yield* Fiber.join(fiber)
    })
  )

  it.effect("stays where it is when it has a key", () =>
    Effect.gen(function* () {
      const { call, engine, publisher, refuse } = yield* Engine.make()
      yield* call({ operation: "Take", key: "a" })
      assert.isTrue(publisher.offered[0]!.waits)
      yield* refuse(0, unreachable)
      assert.deepStrictEqual([publisher.offered.length, engine.inFlight()], [1, 1])
    })
  )

  it.effect("stays where it is when it may have been written after all", () =>
    Effect.gen(function* () {
      const { call, publisher, refuse } = yield* Engine.make()
      yield* call({ operation: "Take" })
      publisher.handOver(0)
      yield* refuse(0, unreachable)
      assert.lengthOf(publisher.offered, 1)
    })
  )

  it.effect("fails at once when it has nowhere else to go and is not to wait", () =>
    Effect.gen(function* () {
      const { call, refuse } = yield* Engine.make({}, 0.5)
      const fiber = yield* call({ operation: "Take", key: "a", waitsForReady: false })
      yield* refuse(0, unreachable)
      assert.strictEqual((yield* Engine.failureOf(fiber))._tag, "NotSent")
    })
  )

  it.effect("goes where its key belongs now when its partition exists no more", () =>
    Effect.gen(function* () {
      const { call, publisher, refuse } = yield* Engine.make()
      const fiber = yield* call({ operation: "Take" })
      yield* refuse(0, gone)
      assert.strictEqual(publisher.offered.length, 2)
      assert.isUndefined(fiber.pollUnsafe())
      // The router of these tests sends this key to the same partition again, which does not exist.
      const keyed = yield* call({ operation: "Take", key: "a" })
      yield* refuse(2, gone)
      assert.strictEqual((yield* Engine.failureOf(keyed))._tag, "NotSent")
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { partitionOf } from "../../../src/protocol/partitioner.ts"
import * as RequestRouter from "../../../src/requester/internal/requestRouter.ts"
import { because, NoSuchTopic } from "../../../src/kafka/TransportError.ts"
import { ScriptedPublisher } from "../ScriptedCalls.ts"

const key = (text: string): Uint8Array => Buffer.from(text)

/** A router over a topic whose number of partitions the test changes; undefined: nobody can tell. */
const routing = Effect.fnUntraced(function* (initial: number) {
  let partitions: number | undefined = initial
  const publisher = Object.assign(new ScriptedPublisher(), {
    partitions: (topic: string) =>
      partitions === undefined ? Effect.fail(because(new NoSuchTopic({ topic }))) : Effect.succeed(partitions)
  })
  const router = yield* RequestRouter.make("stock.requests", initial, publisher)
  return {
    router,
    change: (to: number | undefined): void => {
      partitions = to
    }
  }
})

describe("a request's partition", () => {
  it.effect("is that of its key, and turns by a retry's shift", () =>
    Effect.gen(function* () {
      const { router } = yield* routing(6)
      for (const text of ["a", "b", "order-17"]) {
        const home = partitionOf(key(text), 6)
        assert.deepStrictEqual(
          [0, 1, 6].map((shift) => router.route(key(text), shift)),
          [home, (home + 1) % 6, home]
        )
      }
    })
  )

  it.effect("without a key is each in turn", () =>
    Effect.gen(function* () {
      const { router } = yield* routing(3)
      assert.deepStrictEqual(
        Array.from({ length: 7 }, () => router.route(null, 0)),
        [0, 1, 2, 0, 1, 2, 0]
      )
    })
  )

  it.effect("follows a topic that grows or shrinks, within half a minute", () =>
    Effect.gen(function* () {
      const { change, router } = yield* routing(3)
      const highest = () => Math.max(...Array.from({ length: 20 }, () => router.route(null, 0)))
      change(8)
      yield* TestClock.adjust("29 seconds")
      assert.strictEqual(highest(), 2)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(highest(), 7)
      assert.strictEqual(router.route(key("a"), 0), partitionOf(key("a"), 8))
      // An outage changes nothing.
      change(undefined)
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(highest(), 7)
      change(2)
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(highest(), 1)
    })
  )
})

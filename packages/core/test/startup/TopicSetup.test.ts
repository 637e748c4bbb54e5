import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import type { Topics } from "../../src/kafka/Transport.ts"
import * as TopicSetup from "../../src/startup/TopicSetup.ts"

const spec = TopicSetup.requestTopic("orders.requests", 6, 30_000)

/** Brokers that learn of a topic which another program has just created: the first looks do not find it. */
const learning = (looksWithout: number): Topics => {
  let looks = 0
  return {
    create: () => Effect.succeed(false),
    describe: () =>
      Effect.sync(() => (looks++ < looksWithout ? [] : [{ name: spec.name, partitions: 6, replicationFactor: 1 }])),
    configs: () => Effect.succeed({})
  }
}

describe("TopicSetup", () => {
  it.effect(
    "chaos D1: a topic that another program has just created is there, though not every broker knows it yet",
    () =>
      Effect.gen(function* () {
        const ensuring = yield* Effect.forkChild(TopicSetup.ensure(learning(5), spec, "create"), {
          startImmediately: true
        })
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual(yield* Fiber.join(ensuring), 6)
      })
  )

  it.effect("a topic that may not be created and is not there is missing at once", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(TopicSetup.ensure(learning(1), spec, "verify"))
      assert.strictEqual(error.reason._tag, "NoSuchTopic")
    })
  )

  it.effect("a topic that is created and never found is missing in the end", () =>
    Effect.gen(function* () {
      const ensuring = yield* Effect.forkChild(
        Effect.flip(TopicSetup.ensure(learning(Number.POSITIVE_INFINITY), spec, "create")),
        { startImmediately: true }
      )
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(ensuring)).reason._tag, "NoSuchTopic")
    })
  )
})

/**
 * Topics are created once, described as they are, and usable when `create` returns.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Transport } from "../../../src/kafka/Transport.ts"
import { makeTopic, publishAll, read, record, lawsOf, type Tester, valuesOf } from "./fixtures.ts"

export const topicLaws = (it: Tester): void => {
  const law = lawsOf(it)

  law("a topic is created once and described as it is", () =>
    Effect.gen(function* () {
      const { topics } = yield* Transport
      const name = yield* makeTopic(3)
      assert.isFalse(yield* topics.create({ name, partitions: 5, replicationFactor: -1, configs: {} }))
      const [found, ...others] = yield* topics.describe([`${name}-missing`, name])
      assert.deepStrictEqual([found?.name, found?.partitions, others.length], [name, 3, 0])
      assert.isAtLeast(found?.replicationFactor ?? 0, 1)
      assert.deepStrictEqual(yield* topics.describe([`${name}-missing`]), [])
    })
  )

  law("settings are those it was created with", () =>
    Effect.gen(function* () {
      const { topics } = yield* Transport
      const configs = { "retention.ms": "610000", "message.timestamp.type": "LogAppendTime" }
      const name = yield* makeTopic(1, configs)
      assert.deepStrictEqual(yield* topics.configs(name, ["message.timestamp.type", "retention.ms"]), configs)
    })
  )

  law("a topic can be used as soon as it is created", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(2)
      const reader = yield* read(topic, 1, "end")
      yield* publishAll([record(topic, 1, "at once")])
      assert.deepStrictEqual(valuesOf(yield* reader.next(1)), ["at once"])
    })
  )
}

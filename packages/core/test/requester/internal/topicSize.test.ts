import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as TestClock from "effect/testing/TestClock"
import { because, NoSuchTopic } from "../../../src/kafka/TransportError.ts"
import * as TopicSize from "../../../src/requester/internal/topicSize.ts"
import { ScriptedPublisher } from "../ScriptedCalls.ts"

/** A topic whose number of partitions the test changes; undefined: nobody can tell. */
const watching = Effect.fnUntraced(function* (initial: number) {
  let found: number | undefined = initial
  const lines: Array<string> = []
  const publisher = Object.assign(new ScriptedPublisher(), {
    partitions: (topic: string) =>
      found === undefined ? Effect.fail(because(new NoSuchTopic({ topic }))) : Effect.succeed(found)
  })
  const logger = Logger.make(({ message }) => void lines.push(String(message)))
  const size = yield* TopicSize.watch("stock.requests", initial, publisher).pipe(Effect.provide(Logger.layer([logger])))
  return { change: (to: number | undefined): void => void (found = to), lines, size }
})

describe("the size of a topic", () => {
  it.effect("follows the metadata within seconds, says so once, and outlasts an outage", () =>
    Effect.gen(function* () {
      const { change, lines, size } = yield* watching(3)
      change(8)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(size.partitions(), 8)
      yield* TestClock.adjust("30 seconds")
      assert.lengthOf(lines, 1)
      assert.match(lines[0]!, /stock\.requests has 8 partitions now, it had 3/)
      change(undefined)
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(size.partitions(), 8)
      change(2)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(size.partitions(), 2)
    })
  )

  it.effect("is what a broker tells, at once", () =>
    Effect.gen(function* () {
      const { change, lines, size } = yield* watching(4)
      change(1)
      size.learn(1)
      assert.strictEqual(size.partitions(), 1)
      yield* TestClock.adjust(0)
      assert.lengthOf(lines, 1)
      // Nothing that could be a size.
      size.learn(0)
      assert.strictEqual(size.partitions(), 1)
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { freshMillis, type Turn, TurnQueue } from "../../../src/responder/internal/turnQueue.ts"
import { int, oneOf } from "../../wire/arbitraries.ts"

interface One extends Turn<One> {
  readonly number: number
}

const oneOfNumber = (number: number): One => ({
  number,
  readyAt: 0,
  queue: undefined,
  older: undefined,
  newer: undefined
})

type Step = (queue: TurnQueue<One>, model: Array<One>, at: number, number: number) => void

const take: Step = (queue, model, at) => {
  const fresh = model.filter(({ readyAt }) => at - readyAt <= freshMillis)
  const expected = fresh.length > 0 ? fresh[0] : model.at(-1)
  assert.strictEqual(queue.take(at), expected)
  if (expected !== undefined) model.splice(model.indexOf(expected), 1)
}

const step = oneOf<readonly [number, Step]>(
  Arbitrary.map(int(0, 60), (millis) => [
    millis,
    (queue, model, at, number) => {
      const one = oneOfNumber(number)
      queue.add(one, at)
      model.push(one)
    }
  ]),
  Arbitrary.map(int(0, 60), (millis) => [millis, take]),
  Arbitrary.map(int(0, 60), (millis) => [
    millis,
    (queue, model, at) => {
      const [one] = model.splice(at % Math.max(1, model.length), 1)
      if (one !== undefined) queue.remove(one)
    }
  ])
)

describe("turns", () => {
  it.prop(
    "P9/newest-first: in the order they came while that is a moment ago, then the newest first",
    [Arbitrary.array(step, { maxLength: 100 })],
    ([steps]) => {
      const queue = new TurnQueue<One>()
      const model: Array<One> = []
      let at = 0
      for (const [number, [millis, act]] of steps.entries()) {
        at += millis
        act(queue, model, at, number)
        assert.deepStrictEqual([...queue.members()], model)
        assert.strictEqual(queue.size, model.length)
        assert.isTrue(model.every((one) => one.queue === queue))
      }
    }
  )
})

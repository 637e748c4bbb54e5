import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { ReadyQueue, type Ready } from "../../../src/responder/internal/readyQueue.ts"
import { int } from "../../wire/arbitraries.ts"

interface One extends Ready<One> {
  readonly number: number
}

describe("who is ready", () => {
  it.prop(
    "P9/priority: has a place by urgency, and of equal ones in order; the least urgent goes first",
    [Arbitrary.array(int(0, 2), { maxLength: 40 })],
    ([levels]) => {
      const queue = new ReadyQueue<One>()
      const all = levels.map((level, number): One => ({
        number,
        level,
        share: undefined,
        cost: 1,
        readyAt: 0,
        queue: undefined,
        older: undefined,
        newer: undefined
      }))
      for (const one of all) queue.add(one, 0)
      const expected = all.toSorted((a, b) => a.level - b.level || a.number - b.number)
      const lowest = Math.max(...levels)
      assert.strictEqual(
        queue.crowding,
        all.find(({ level }) => level === lowest)
      )
      assert.sameMembers([...queue.members()], all)
      const taken: Array<One> = []
      for (let next = queue.take(0); next !== undefined; next = queue.take(0)) taken.push(next)
      assert.deepStrictEqual(
        taken.map(({ number }) => number),
        expected.map(({ number }) => number)
      )
      assert.strictEqual(queue.size, 0)
    }
  )
})

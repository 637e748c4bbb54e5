import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as RandomStream from "../../src/kernel/RandomStream.ts"
import { RunQueue } from "../../src/kernel/RunQueue.ts"

/** Runs a program with its fibers giving way at every other operation, until nothing is left to do. */
const runToTheEnd = (effect: Effect.Effect<void>, seed: number): void => {
  const queue = new RunQueue(RandomStream.make(seed, "schedule"), 0.5)
  Effect.runFork(effect, { scheduler: queue })
  while (queue.runOne());
}

describe("RunQueue", () => {
  it("a fiber that is interrupted before or after its first turn is over", () => {
    for (let seed = 1; seed <= 100; seed++) {
      let isOver = false
      const program = Effect.gen(function* () {
        const child = yield* Effect.forkDetach(Effect.never)
        yield* Fiber.interrupt(child)
        isOver = true
      })
      runToTheEnd(program, seed)
      assert.isTrue(isOver, `seed ${seed} never ends`)
    }
  })
})

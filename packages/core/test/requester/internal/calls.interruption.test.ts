import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scheduler from "effect/Scheduler"
import * as Engine from "../ScriptedCalls.ts"

/** Makes its fiber give way once, at its nth operation, and runs what waits when told. */
const givingWayAt = (nth: number) => {
  const tasks: Array<() => void> = []
  let operations = 0
  const scheduler: Scheduler.Scheduler = {
    executionMode: "async",
    shouldYield: () => ++operations === nth,
    makeDispatcher: () => ({ scheduleTask: (task) => void tasks.push(task), flush: () => {} })
  }
  const runAll = (): void => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task()
  }
  return { scheduler, runAll, hasGivenWay: () => operations >= nth }
}

describe("a caller that is interrupted", () => {
  it.effect("at any operation of its call leaves no entry behind", () =>
    Effect.gen(function* () {
      let nth = 1
      for (; ; nth++) {
        const { engine, exchange } = yield* Engine.make()
        const { hasGivenWay, runAll, scheduler } = givingWayAt(nth)
        // Runs at once, to where it gives way or waits for its reply.
        const fiber = Effect.runFork(exchange(), { scheduler })
        fiber.interruptUnsafe()
        runAll()
        assert.isDefined(fiber.pollUnsafe(), `operation ${nth}`)
        assert.strictEqual(engine.inFlight(), 0, `operation ${nth}`)
        if (!hasGivenWay()) break
      }
      // Fewer, and the call was not even made.
      assert.isAbove(nth, 5)
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import * as Supervised from "../../src/host/Supervised.ts"

describe("Supervised", () => {
  it.effect("starts what has died or ended again, and says so, until its scope closes", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const logger = Logger.make(({ message }) => void lines.push(String(message)))
      const scope = yield* Scope.make()
      let starts = 0
      const loop = Effect.suspend(() => {
        starts++
        if (starts === 1) throw new Error("a bug")
        if (starts === 2) return Effect.fail("a failure")
        return starts === 3 ? Effect.void : Effect.never
      })
      yield* Supervised.fork("the loop", loop).pipe(Scope.provide(scope), Effect.provide(Logger.layer([logger])))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(starts, 4)
      assert.lengthOf(lines, 3)
      assert.match(lines[0]!, /the loop has failed/)
      assert.match(lines[2]!, /the loop has ended/)
      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(starts, 4)
    })
  )
})

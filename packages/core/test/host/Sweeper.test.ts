import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { monotonicMillis } from "../../src/host/MonotonicTime.ts"
import * as Sweeper from "../../src/host/Sweeper.ts"
import { int } from "../wire/arbitraries.ts"
import * as ScriptedEventLoop from "./scriptedEventLoop.ts"

/** Notes when it sweeps, in milliseconds from the start of the test; what is due next is up to the test. */
const sweeping = Effect.fnUntraced(function* (next: (now: number) => number = () => Number.POSITIVE_INFINITY) {
  const clock = yield* Clock.Clock
  const origin = monotonicMillis(clock)
  const eventLoop = ScriptedEventLoop.make()
  const sweeps: Array<number> = []
  const sweeper = yield* eventLoop.provide(
    Sweeper.make((at) => {
      sweeps.push(at - origin)
      return origin + next(at - origin)
    })
  )
  return {
    eventLoop,
    sweeps,
    wakeBy: (millis: number) => sweeper.wakeBy(origin + millis),
    now: () => monotonicMillis(clock) - origin
  }
})

describe("Sweeper", () => {
  it.effect("sleeps while nothing is due", () =>
    Effect.gen(function* () {
      const { sweeps } = yield* sweeping()
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(sweeps, [])
    })
  )

  it.effect("sweeps when the earliest is due, and not before", () =>
    Effect.gen(function* () {
      const { sweeps, wakeBy } = yield* sweeping()
      wakeBy(500)
      wakeBy(200)
      wakeBy(300)
      yield* TestClock.adjust(199)
      assert.deepStrictEqual(sweeps, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(sweeps, [200])
      // What else was due is for the sweep to say: it has said "nothing".
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(sweeps, [200])
    })
  )

  it.effect("sleeps until what the sweep says is next", () =>
    Effect.gen(function* () {
      const { sweeps, wakeBy } = yield* sweeping((now) => (now < 400 ? now + 100 : Number.POSITIVE_INFINITY))
      wakeBy(100)
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(sweeps, [100, 200, 300, 400])
    })
  )

  it.effect("does not forget what was asked for during a sweep", () =>
    Effect.gen(function* () {
      const { sweeps, wakeBy } = yield* sweeping((now) => {
        if (now === 100) wakeBy(150)
        return now < 200 ? 200 : Number.POSITIVE_INFINITY
      })
      wakeBy(100)
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(sweeps, [100, 150, 200])
    })
  )

  it.effect("lets one turn of the event loop pass when it wakes more than 50 ms late", () =>
    Effect.gen(function* () {
      const { eventLoop, sweeps, wakeBy } = yield* sweeping()
      yield* TestClock.adjust(1_000)
      wakeBy(950)
      yield* Effect.yieldNow
      assert.deepStrictEqual([sweeps, eventLoop.waiting()], [[1_000], 0])
      wakeBy(949)
      yield* Effect.yieldNow
      assert.deepStrictEqual([sweeps, eventLoop.waiting()], [[1_000], 1])
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(sweeps, [1_000])
      yield* eventLoop.turn
      assert.strictEqual(sweeps.length, 2)
    })
  )

  it.effect("goes on after a sweep that throws", () =>
    Effect.gen(function* () {
      const { sweeps, wakeBy } = yield* sweeping((now) => {
        if (now === 100) throw new Error("a sweep that throws")
        return Number.POSITIVE_INFINITY
      })
      wakeBy(100)
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(sweeps, [100, 200])
      wakeBy(2_000)
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(sweeps, [100, 200, 2_000])
    })
  )

  it.effect("ends with its scope", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { sweeps, wakeBy } = yield* Scope.provide(sweeping(), scope)
      yield* Scope.close(scope, Exit.void)
      wakeBy(10)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(sweeps, [])
    })
  )

  it.effect.prop(
    "sweeps within a millisecond of everything that is asked for",
    [Arbitrary.array(Arbitrary.all([int(0, 300), int(0, 100)]), { minLength: 1, maxLength: 20 })],
    ([steps]) =>
      Effect.gen(function* () {
        const due: Array<number> = []
        const { now, wakeBy } = yield* sweeping((at) => {
          for (const time of due.filter((time) => time <= at)) {
            assert.isBelow(at - time, 2)
            due.splice(due.indexOf(time), 1)
          }
          return Math.min(Number.POSITIVE_INFINITY, ...due)
        })
        for (const [delay, wait] of steps) {
          due.push(now() + delay)
          wakeBy(now() + delay)
          yield* TestClock.adjust(wait)
          assert.isTrue(due.every((time) => time > now()))
        }
        yield* TestClock.adjust(301)
        assert.deepStrictEqual(due, [])
      }).pipe(Effect.scoped)
  )
})
